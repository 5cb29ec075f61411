import { GatewayError } from '@routeiq/contract'
import type { BlobCarrier } from '../conversation/blob-carrier.ts'
import type { BlobSealer } from '../conversation/blob-sealer.ts'
import type { Deployment, Operation } from '../deployments/deployment.ts'
import { openaiWire } from '../providers/openai/openai.ts'
import { carrierOf } from './carrier-of.ts'
import type { ModelRequest } from './model-request.ts'
import { passthroughOptions } from './passthrough-exchange.ts'
import { encodeFor, translateAnswer } from './translated-exchange.ts'
import { describeTarget, type UpstreamExchange } from './upstream-exchange.ts'

const paths = {
  chat: '/v1/chat/completions',
  completion: '/v1/completions',
  embedding: '/v1/embeddings',
} as const

/**
 * `mock_response`: the demo answers with the given text in place of the deployment, whatever wire that speaks.
 * The demo's own is OpenAI's.
 */
export function prepareMockExchange(
  request: ModelRequest,
  deployment: Deployment,
  text: string,
  blobs: BlobSealer,
): UpstreamExchange {
  return openaiWire.dialect === request.protocol.id
    ? passMock(request, deployment, text)
    : translateMock(request, deployment, text, carrierOf(blobs, deployment))
}

function passMock(request: ModelRequest, deployment: Deployment, text: string): UpstreamExchange {
  const { protocol, body, operation, stream } = request
  const options = passthroughOptions(request, { wire: openaiWire, provider: deployment.provider })
  const { messages, prompt, input, encoding_format } = body
  const asked = { model: deployment.upstreamModel, messages, prompt, input, encoding_format }
  return {
    path: mockPath(operation),
    headers: [],
    body: formatMock(asked, stream, text),
    rest: null,
    relay: stream ? protocol.createPassthroughStream(options) : null,
    readReply: (answer) => protocol.readPassthroughReply(answer, options),
    dropped: [],
  }
}

/** Errors: 400 for an operation whose answer is no text. */
function mockPath(operation: Operation): string {
  if (operation === 'chat' || operation === 'completion' || operation === 'embedding') return paths[operation]
  throw new GatewayError('unsupported_parameter', `\`mock_response\` cannot stand for ${operation}.`, {
    param: 'mock_response',
  })
}

function translateMock(
  request: ModelRequest,
  deployment: Deployment,
  text: string,
  carrier: BlobCarrier,
): UpstreamExchange {
  const target = { ...describeTarget(request, deployment), dropParams: true }
  const encoded = encodeFor(request, openaiWire, request.body, target, carrier)
  return {
    path: paths.chat,
    headers: [],
    body: formatMock(encoded.body, request.stream, text),
    rest: null,
    dropped: [],
    ...translateAnswer(request, openaiWire, encoded.replyContext, carrier),
  }
}

function formatMock(body: Readonly<Record<string, unknown>>, stream: boolean, text: string): Buffer {
  const mock = { ...body, stream, stream_options: { include_usage: true }, mock_response: text }
  return Buffer.from(JSON.stringify(mock))
}
