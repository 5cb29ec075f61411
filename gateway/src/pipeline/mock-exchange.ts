import type { Deployment, Operation } from '../deployments/deployment.ts'
import { openaiWire } from '../providers/openai/openai.ts'
import { readPassthroughReply } from '../relay/passthrough-reply.ts'
import { PassthroughStream } from '../relay/passthrough-stream.ts'
import type { ModelRequest } from './model-request.ts'
import type { UpstreamExchange } from './upstream-exchange.ts'

const paths: Readonly<Record<Operation, string>> = {
  chat: '/v1/chat/completions',
  completion: '/v1/completions',
  embedding: '/v1/embeddings',
}

/** `mock_response`: the demo answers with the given text in place of the deployment, whatever wire that speaks. */
export function prepareMockExchange(
  request: ModelRequest,
  deployment: Deployment,
  text: string,
): UpstreamExchange {
  const { requestedModel, includeUsage, body } = request
  const options = {
    requestedModel,
    includeUsage,
    maxEventBytes: Number.POSITIVE_INFINITY,
    decodeUsage: openaiWire.decodeUsage,
    decodeError: (answer: string) => openaiWire.decodeError(500, {}, answer, deployment.provider),
  }
  const { messages, prompt, input, encoding_format } = body
  const asked = {
    model: deployment.upstreamModel,
    messages,
    prompt,
    input,
    encoding_format,
    stream: request.stream,
  }
  const mock = { ...asked, stream_options: { include_usage: true }, mock_response: text }
  return {
    path: paths[request.operation],
    headers: [],
    body: Buffer.from(JSON.stringify(mock)),
    relay: request.stream ? new PassthroughStream(options) : null,
    readReply: (answer) => readPassthroughReply(answer, options),
  }
}
