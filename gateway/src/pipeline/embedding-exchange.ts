import { parseJson } from '../conversation/json-value.ts'
import type { Deployment } from '../deployments/deployment.ts'
import { encodeEmbeddings } from '../protocols/openai-chat/embedding-encoding.ts'
import type { EmbeddingForm } from '../protocols/protocol.ts'
import { unreadableAnswer } from '../protocols/unreadable-answer.ts'
import type { UpstreamFailure } from '../providers/failure.ts'
import type { EmbeddingCodec, WireTarget } from '../providers/wire.ts'
import type { PlainReply } from '../relay/relay.ts'
import { forwardedHeaders } from './forwarded-headers.ts'
import type { ModelRequest } from './model-request.ts'
import type { UpstreamExchange } from './upstream-exchange.ts'
import { noEndpoint, pathOf } from './upstream-path.ts'

/** An embedding request for a wire whose form is not OpenAI's, and its answer back. */
export function translateEmbeddings(
  request: ModelRequest,
  deployment: Deployment,
  wanted: Readonly<Record<string, unknown>>,
  target: WireTarget,
): UpstreamExchange {
  const codec = deployment.wire.embeddings
  const form = request.protocol.embeddings
  if (codec === undefined || form === undefined) throw noEndpoint('embedding', deployment)
  const encoded = codec.encode(form.parse(wanted, request.requestedModel), target)
  return {
    path: pathOf('embedding', deployment, false),
    headers: forwardedHeaders(request, deployment, []),
    rest: null,
    dropped: encoded.dropped,
    body: Buffer.from(JSON.stringify(encoded.body)),
    relay: null,
    readReply: (body) => readReply(body, deployment, { codec, form }, request),
  }
}

function readReply(
  body: Buffer,
  { wire }: Deployment,
  { codec, form }: { readonly codec: EmbeddingCodec; readonly form: EmbeddingForm },
  request: ModelRequest,
): PlainReply | UpstreamFailure {
  const parsed = parseJson(body.toString('utf8'))
  if (parsed === undefined) return unreadableAnswer('something that is not JSON')
  const failure = wire.findFailure(parsed)
  if (failure !== null) return failure
  const reply = codec.decode(parsed)
  const answer = Buffer.from(JSON.stringify(form.format(reply, request.requestedModel, request.body)))
  const wantsBase64 = request.body['encoding_format'] === 'base64'
  return { body: wantsBase64 ? encodeEmbeddings(answer) : answer, usage: reply.usage }
}
