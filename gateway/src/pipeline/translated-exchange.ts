import { randomUUID } from 'node:crypto'
import { GatewayError } from '@routeiq/contract'
import { replayReply } from '../conversation/replay-reply.ts'
import type { ConversationReply } from '../conversation/reply.ts'
import type { Deployment } from '../deployments/deployment.ts'
import { completionToChat, readPrompts } from '../protocols/openai-chat/completion-request.ts'
import { CompletionStreamFormatter, formatCompletion } from '../protocols/openai-chat/format-completion.ts'
import { formatChatReply, type ReplyHead } from '../protocols/openai-chat/format-reply.ts'
import { ChatStreamFormatter } from '../protocols/openai-chat/format-stream.ts'
import { parseChatRequest } from '../protocols/openai-chat/parse-request.ts'
import type { UpstreamFailure } from '../providers/failure.ts'
import type { ReplyContext } from '../providers/reply-context.ts'
import type { WireTarget } from '../providers/wire.ts'
import { type PlainReply, unreadableAnswer } from '../relay/relay.ts'
import { type StreamFormatter, TranslatedStream } from '../relay/translated.ts'
import { forwardedHeaders } from './forwarded-headers.ts'
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
): UpstreamExchange {
  const isCompletion = request.operation === 'completion'
  const chatBody = isCompletion ? chatBodyOf(wanted, target) : wanted
  const conversation = parseChatRequest({ ...chatBody, model: request.requestedModel })
  const encoded = deployment.wire.encodeRequest(conversation, target)
  const { wire } = deployment
  const formatter = request.stream ? formatterOf(request, isCompletion ? 'cmpl' : 'chatcmpl') : null
  return {
    path: pathOf('chat', deployment),
    headers: forwardedHeaders(request, deployment, encoded.headers),
    body: Buffer.from(JSON.stringify(encoded.body)),
    relay:
      formatter &&
      new TranslatedStream(wire.framing, wire.createStreamDecoder(encoded.replyContext), formatter),
    readReply: (body) =>
      formatter === null
        ? readReply(body, deployment, encoded.replyContext, request)
        : readReplyAsStream(body, deployment, encoded.replyContext, formatter),
  }
}

/** Writes the events of a streamed answer to this request. */
export function formatterOf(request: ModelRequest, prefix: 'cmpl' | 'chatcmpl'): StreamFormatter {
  const options = { includesUsage: request.includeUsage }
  const head = headOf(request, prefix)
  return prefix === 'cmpl'
    ? new CompletionStreamFormatter(head, options)
    : new ChatStreamFormatter(head, options)
}

/** A whole answer of a provider that does not stream, as the stream the client asked for. */
export function readReplyAsStream(
  body: Buffer,
  deployment: Deployment,
  context: ReplyContext,
  formatter: StreamFormatter,
): PlainReply | UpstreamFailure {
  const reply = decodeAnswer(body, deployment, context)
  if ('kind' in reply) return reply
  const text = replayReply(reply).map((event) => formatter.format(event))
  return { body: Buffer.from(text.join('') + formatter.end()), usage: reply.usage, isStream: true }
}

function readReply(
  body: Buffer,
  deployment: Deployment,
  context: ReplyContext,
  request: ModelRequest,
): PlainReply | UpstreamFailure {
  const reply = decodeAnswer(body, deployment, context)
  if ('kind' in reply) return reply
  const answer =
    request.operation === 'completion'
      ? formatCompletion([reply], headOf(request, 'cmpl'))
      : formatChatReply(reply, headOf(request, 'chatcmpl'))
  return { body: Buffer.from(JSON.stringify(answer)), usage: reply.usage }
}

/** The provider's body as a reply, or what is wrong with it. */
function decodeAnswer(
  body: Buffer,
  { wire }: Deployment,
  context: ReplyContext,
): ConversationReply | UpstreamFailure {
  const parsed = parseJson(body)
  if (parsed === null) return notJson(body)
  const failure = wire.findFailure(parsed)
  if (failure !== null) return failure
  return wire.decodeReply(parsed, context)
}

function headOf(request: ModelRequest, prefix: 'cmpl' | 'chatcmpl'): ReplyHead {
  return {
    id: `${prefix}-${randomUUID()}`,
    created: Math.floor(request.exchange.receivedAt / 1000),
    model: request.requestedModel,
  }
}

/** A chat model answers one prompt at a time. */
function chatBodyOf(body: Body, target: WireTarget): Body {
  const prompts = readPrompts(body)
  const [prompt] = prompts
  if (prompt === undefined || prompts.length > 1) {
    throw new GatewayError(
      'unsupported_parameter',
      'This model answers one prompt a request; send several prompts as several requests.',
      { param: 'prompt' },
    )
  }
  return completionToChat(body, prompt, target.dropParams)
}

function notJson(body: Buffer): UpstreamFailure {
  return unreadableAnswer(body.length === 0 ? 'an empty body' : 'something that is not JSON')
}

/** Null for anything that is not JSON. */
export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return null
  }
}
