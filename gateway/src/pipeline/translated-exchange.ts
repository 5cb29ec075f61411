import { randomUUID } from 'node:crypto'
import type { BlobCarrier } from '../conversation/blob-carrier.ts'
import { type JsonRecord, parseJson } from '../conversation/json-value.ts'
import { replayReply } from '../conversation/replay-reply.ts'
import type { ConversationReply } from '../conversation/reply.ts'
import type { ConversationRequest } from '../conversation/request.ts'
import type { ReplyEvent } from '../conversation/stream-event.ts'
import type { Deployment } from '../deployments/deployment.ts'
import type { ReplyHead, ReplyOptions, StreamFormatter } from '../protocols/protocol.ts'
import { unreadableAnswer } from '../protocols/unreadable-answer.ts'
import type { UpstreamFailure } from '../providers/failure.ts'
import type { ReplyContext } from '../providers/reply-context.ts'
import type { EncodedRequest, Wire, WireTarget } from '../providers/wire.ts'
import type { PlainReply, ReplyReader, StreamRelay } from '../relay/relay.ts'
import { type KeepAnswer, TranslatedStream } from '../relay/translated.ts'
import { carrierOf } from './carrier-of.ts'
import { forwardedHeaders } from './forwarded-headers.ts'
import type { Gateway } from './gateway.ts'
import { keeperOf } from './history.ts'
import { inlineMedia } from './inline-media.ts'
import type { ModelRequest } from './model-request.ts'
import type { UpstreamExchange } from './upstream-exchange.ts'
import { pathOf } from './upstream-path.ts'

type Body = Readonly<Record<string, unknown>>

/** The request in another dialect, by way of the typed conversation model, and its answer back. */
export function translate(
  request: ModelRequest,
  deployment: Deployment,
  wanted: Body,
  target: WireTarget,
  { blobs, fetchMedia }: Pick<Gateway, 'blobs' | 'fetchMedia'>,
): UpstreamExchange | Promise<UpstreamExchange> {
  const { wire, upstreamModel } = deployment
  const carrier = carrierOf(blobs, deployment)
  const write = (conversation: ConversationRequest): UpstreamExchange => {
    const encoded = wire.encodeRequest(conversation, target)
    return {
      path: pathOf('chat', deployment, request.stream),
      headers: forwardedHeaders(request, deployment, encoded.headers),
      body: Buffer.from(JSON.stringify(encoded.body)),
      rest: null,
      dropped: encoded.dropped,
      ...translateAnswer(request, wire, encoded.replyContext, carrier),
    }
  }
  const conversation = parseFor(request, wire, wanted, target, carrier)
  if (wire.readsMedia === undefined) return write(conversation)
  const readsMedia = (url: string): boolean => wire.readsMedia?.(url, upstreamModel) === true
  const inlined = inlineMedia(conversation, readsMedia, fetchMedia)
  return inlined instanceof Promise ? inlined.then(write) : write(inlined)
}

/** The request as a wire wants it. Errors: 400 for what the dialect or the wire does not allow. */
export function encodeFor(
  request: ModelRequest,
  wire: Wire,
  wanted: Body,
  target: WireTarget,
  carrier: BlobCarrier,
): EncodedRequest {
  return wire.encodeRequest(parseFor(request, wire, wanted, target, carrier), target)
}

/** The request in the conversation model, for a wire. Errors: 400 for what the dialect does not allow. */
export function parseFor(
  request: ModelRequest,
  wire: Wire,
  wanted: Body,
  target: WireTarget,
  carrier: BlobCarrier,
): ConversationRequest {
  const { operation, stream, protocol, requestedModel } = request
  const options = { operation, model: requestedModel, stream, dropParams: target.dropParams, carrier }
  const body = wire.headerMembers === undefined ? wanted : withHeaders(wanted, request, wire.headerMembers)
  return protocol.parseRequest(body, options)
}

/** Client headers as the members a wire has for them; a member the client wrote itself stays. */
function withHeaders(
  body: Body,
  { exchange }: ModelRequest,
  members: Readonly<Record<string, string>>,
): Body {
  let extended: Record<string, unknown> | null = null
  for (const header in members) {
    const value = exchange.request.headers[header]
    const name = members[header]
    if (typeof value !== 'string' || name === undefined || body[name] !== undefined) continue
    extended ??= { ...body }
    extended[name] = value
  }
  return extended ?? body
}

/** How a wire's answer becomes the client's, as a stream or whole. */
export function translateAnswer(
  request: ModelRequest,
  wire: Wire,
  context: ReplyContext,
  carrier: BlobCarrier,
): { readonly relay: StreamRelay | null; readonly readReply: ReplyReader } {
  if (!request.stream)
    return { relay: null, readReply: (body) => readReply(body, wire, context, request, carrier) }
  const formatter = formatterOf(request, carrier)
  return {
    relay: new TranslatedStream(
      wire.framing,
      wire.createStreamDecoder(context),
      formatter,
      keeperOf(request),
    ),
    readReply: (body) => readReplyAsStream(body, wire, context, formatter, keeperOf(request)),
  }
}

/** Writes the events of a streamed answer to this request. */
export function formatterOf(request: ModelRequest, carrier: BlobCarrier): StreamFormatter {
  return request.protocol.createStreamFormatter(headOf(request), replyOptionsOf(request, carrier))
}

/** A whole answer of a provider that does not stream, as the stream the client asked for. */
export function readReplyAsStream(
  body: Buffer,
  wire: Wire,
  context: ReplyContext,
  formatter: StreamFormatter,
  keep: KeepAnswer | null,
): PlainReply | UpstreamFailure {
  const reply = decodeAnswer(body, wire, context)
  if ('kind' in reply) return reply
  return { ...formatAsStream(replayReply(reply), formatter, keep), usage: reply.usage }
}

/** All events of an answer as one text. */
export function formatAsStream(
  events: readonly ReplyEvent[],
  formatter: StreamFormatter,
  keep: KeepAnswer | null,
): Omit<PlainReply, 'usage'> {
  const text = events.map((event) => formatter.format(event))
  const kept = keep === null ? undefined : formatter.kept?.()
  const sent = { body: Buffer.from(text.join('') + formatter.end()), isStream: true } as const
  return keep === null || kept === undefined ? sent : { ...sent, keep: () => keep(kept) }
}

function readReply(
  body: Buffer,
  wire: Wire,
  context: ReplyContext,
  request: ModelRequest,
  carrier: BlobCarrier,
): PlainReply | UpstreamFailure {
  const reply = decodeAnswer(body, wire, context)
  return 'kind' in reply ? reply : formatReply(reply, request, carrier)
}

/** A whole answer in the client's dialect. */
export function formatReply(
  reply: ConversationReply,
  request: ModelRequest,
  carrier: BlobCarrier,
): PlainReply {
  const { protocol } = request
  const [head, options, keep] = [headOf(request), replyOptionsOf(request, carrier), keeperOf(request)]
  const answer = protocol.formatReply(reply, head, options)
  const sent = { body: Buffer.from(JSON.stringify(answer)), usage: reply.usage }
  if (keep === null) return sent
  const kept = formatKept(reply, protocol.createStreamFormatter(head, options))
  return { ...sent, keep: () => keep(kept ?? answer) }
}

function formatKept(reply: ConversationReply, formatter: StreamFormatter): JsonRecord | undefined {
  for (const event of replayReply(reply)) formatter.format(event)
  return formatter.kept?.()
}

/** The provider's body as a reply, or what is wrong with it. */
export function decodeAnswer(
  body: Buffer,
  wire: Wire,
  context: ReplyContext,
): ConversationReply | UpstreamFailure {
  const parsed = parseJson(body.toString('utf8'))
  if (parsed === undefined)
    return unreadableAnswer(body.length === 0 ? 'an empty body' : 'something that is not JSON')
  return wire.findFailure(parsed) ?? wire.decodeReply(parsed, context)
}

function headOf({ protocol, operation, exchange, requestedModel }: ModelRequest): ReplyHead {
  return {
    id: protocol.formatId(randomUUID(), operation),
    created: Math.floor(exchange.receivedAt / 1000),
    model: requestedModel,
  }
}

function replyOptionsOf(
  { operation, includeUsage, clientBody }: ModelRequest,
  carrier: BlobCarrier,
): ReplyOptions {
  return { operation, includesUsage: includeUsage, body: clientBody, carrier }
}
