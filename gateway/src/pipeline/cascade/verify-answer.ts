import { verdictQuestion, verdictRequest } from '../../model-routing/judging/self-verdict.ts'
import type { ModelRequest } from '../model-request.ts'
import { parseBody } from '../parse.ts'

/** Members that would shape the verdict like an answer. */
const ofAnswers = new Set([
  'tools',
  'tool_choice',
  'response_format',
  'max_completion_tokens',
  'logprobs',
  'stop',
  'stream',
  'stream_options',
])

/** Whether a request can be asked again with its answer, for a verdict. */
export function canVerify({ body }: ModelRequest): boolean {
  return Array.isArray(body['messages'])
}

/** The same conversation with the answer, and the question whether it is right. */
export async function askWhetherRight(request: ModelRequest, answer: string): Promise<ModelRequest> {
  const rest = Object.entries(request.body).filter(([name]) => !ofAnswers.has(name))
  const body = {
    ...Object.fromEntries(rest),
    messages: [
      ...(request.body['messages'] as readonly unknown[]),
      { role: 'assistant', content: answer },
      { role: 'user', content: verdictQuestion },
    ],
    ...verdictRequest,
  }
  return parseBody(request.runtime, request, request.caller, Buffer.from(JSON.stringify(body)))
}
