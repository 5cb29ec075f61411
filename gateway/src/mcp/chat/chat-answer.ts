import { type JsonRecord, readRecord, readRecords, readText } from '../../conversation/json-value.ts'
import type { ModelRequest } from '../../pipeline/model-request.ts'

/** A whole answer as the stream the client asked for: its text, its calls, its end, and the usage if wanted. */
export function formatChatStream({ includeUsage }: ModelRequest, answer: JsonRecord): string {
  const { choices: _, usage, object: __, ...frame } = answer
  const chunk = (choices: readonly object[], extra: object = {}): string =>
    `data: ${JSON.stringify({ ...frame, object: 'chat.completion.chunk', choices, ...extra })}\n\n`
  const choices = readRecords(answer['choices'])
  const pieces = choices.flatMap((choice, index) => {
    const message = readRecord(choice['message']) ?? {}
    const calls = readRecords(message['tool_calls']).map((call, at) => ({ index: at, ...call }))
    const delta = {
      role: 'assistant',
      content: readText(message['content']),
      ...(calls.length > 0 && { tool_calls: calls }),
    }
    return [
      chunk([{ index, delta, finish_reason: null }]),
      chunk([{ index, delta: {}, finish_reason: choice['finish_reason'] ?? 'stop' }]),
    ]
  })
  const last = includeUsage ? [chunk([], { usage: usage ?? null })] : []
  return [...pieces, ...last, 'data: [DONE]\n\n'].join('')
}
