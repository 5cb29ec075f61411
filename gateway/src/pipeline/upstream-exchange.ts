import { randomUUID } from 'node:crypto'
import { GatewayError } from '@routeiq/contract'
import type { PlannedAttempt } from '../balancing/attempt-plan.ts'
import type { Deployment } from '../deployments/deployment.ts'
import { editMembers, findOnlyMember, replaceValue } from '../json/edit-members.ts'
import { completionToChat, readPrompts } from '../protocols/openai-chat/completion-request.ts'
import { CompletionStreamFormatter, formatCompletion } from '../protocols/openai-chat/format-completion.ts'
import { formatChatReply, type ReplyHead } from '../protocols/openai-chat/format-reply.ts'
import { ChatStreamFormatter } from '../protocols/openai-chat/format-stream.ts'
import { parseChatRequest } from '../protocols/openai-chat/parse-request.ts'
import type { UpstreamFailure } from '../providers/failure.ts'
import { editPassthrough, noEdits } from '../providers/openai/edit-passthrough.ts'
import type { WireTarget } from '../providers/wire.ts'
import { encodeEmbeddings } from '../relay/embedding-encoding.ts'
import { readPassthroughReply } from '../relay/passthrough-reply.ts'
import { PassthroughStream } from '../relay/passthrough-stream.ts'
import { type PlainReply, type ReplyReader, type StreamRelay, unreadableAnswer } from '../relay/relay.ts'
import { TranslatedStream } from '../relay/translated.ts'
import { forwardedHeaders } from './forwarded-headers.ts'
import type { ModelRequest } from './model-request.ts'
import { buildWantedBody } from './wanted-body.ts'

const maxEventBytes = 8 * 1024 * 1024

/** One upstream call, ready to send, and how its answer becomes the client's. */
export interface UpstreamExchange {
  readonly path: string
  readonly headers: readonly string[]
  readonly body: Buffer
  readonly relay: StreamRelay | null
  readonly readReply: ReplyReader
}

/**
 * Prepares a request for one deployment. The same dialect on both sides sends the client's bytes with the few
 * members changed that must be; different dialects go through the typed conversation model.
 */
export function prepareExchange(request: ModelRequest, attempt: PlannedAttempt): UpstreamExchange {
  const { deployment } = attempt
  const wanted = buildWantedBody(request.body, deployment, attempt.overrides)
  const target = describeTarget(request, deployment)
  return deployment.wire.dialect === request.dialect
    ? passThrough(request, deployment, wanted, target)
    : translate(request, deployment, wanted, target)
}

function describeTarget(request: ModelRequest, deployment: Deployment): WireTarget {
  const { requests } = request.runtime.config
  return {
    provider: deployment.provider,
    upstreamModel: deployment.upstreamModel,
    dropParams: deployment.config.dropParams ?? requests.dropParams,
    modifyParams: requests.modifyParams,
    maxOutputTokens: deployment.facts.maxOutputTokens ?? requests.defaultAnthropicMaxTokens,
    thinkingBudgets: requests.thinkingBudgets,
  }
}

function passThrough(
  request: ModelRequest,
  deployment: Deployment,
  wanted: Readonly<Record<string, unknown>>,
  target: WireTarget,
): UpstreamExchange {
  const edits = editPassthrough(wanted, target, request.operation)
  const model = findOnlyMember(request.members, 'model')
  if (edits === noEdits && wanted === request.body && model !== null) {
    return describePassthrough(
      request,
      deployment,
      replaceValue(request.bytes, model, JSON.stringify(deployment.upstreamModel)),
    )
  }
  const set = new Map([['model', JSON.stringify(deployment.upstreamModel)]])
  const remove = new Set(edits.remove)
  if (wanted !== request.body) {
    for (const name in wanted)
      if (wanted[name] !== request.body[name]) set.set(name, JSON.stringify(wanted[name]))
    for (const name in request.body) if (!(name in wanted)) remove.add(name)
  }
  for (const name in edits.set) set.set(name, JSON.stringify(edits.set[name]))
  for (const name of remove) set.delete(name)
  return describePassthrough(
    request,
    deployment,
    editMembers(request.bytes, request.members, { set, remove }),
  )
}

function describePassthrough(request: ModelRequest, deployment: Deployment, body: Buffer): UpstreamExchange {
  const { requestedModel, includeUsage } = request
  const { wire, provider } = deployment
  // The status says 200, so the words of the error decide what it is.
  const decodeError = (text: string): UpstreamFailure =>
    wire.findFailure(parseJson(Buffer.from(text))) ?? wire.decodeError(200, {}, text, provider)
  const options = { requestedModel, includeUsage, maxEventBytes, decodeUsage: wire.decodeUsage, decodeError }
  const wantsBase64 = request.operation === 'embedding' && request.body['encoding_format'] === 'base64'
  return {
    path: pathOf(request, deployment),
    headers: forwardedHeaders(request, deployment, []),
    body,
    relay: request.stream ? new PassthroughStream(options) : null,
    readReply: (answer) => encodeReply(readPassthroughReply(answer, options), wantsBase64),
  }
}

function encodeReply(
  reply: PlainReply | UpstreamFailure,
  wantsBase64: boolean,
): PlainReply | UpstreamFailure {
  return wantsBase64 && 'body' in reply ? { ...reply, body: encodeEmbeddings(reply.body) } : reply
}

function translate(
  request: ModelRequest,
  deployment: Deployment,
  wanted: Readonly<Record<string, unknown>>,
  target: WireTarget,
): UpstreamExchange {
  const isCompletion = request.operation === 'completion'
  const chatBody = isCompletion ? chatBodyOf(wanted, target) : wanted
  const conversation = parseChatRequest({ ...chatBody, model: request.requestedModel })
  const encoded = deployment.wire.encodeRequest(conversation, target)
  const prefix = isCompletion ? 'cmpl' : 'chatcmpl'
  const head: ReplyHead = {
    id: `${prefix}-${randomUUID()}`,
    created: Math.floor(request.exchange.receivedAt / 1000),
    model: request.requestedModel,
  }
  const options = { includesUsage: request.includeUsage }
  const formatter = isCompletion
    ? new CompletionStreamFormatter(head, options)
    : new ChatStreamFormatter(head, options)
  const decoder = deployment.wire.createStreamDecoder(encoded.replyContext)
  return {
    path: pathOf({ ...request, operation: 'chat' }, deployment),
    headers: forwardedHeaders(request, deployment, encoded.headers),
    body: Buffer.from(JSON.stringify(encoded.body)),
    relay: request.stream ? new TranslatedStream(decoder, formatter) : null,
    readReply: (body) => {
      const parsed = parseJson(body)
      if (parsed === null)
        return unreadableAnswer(body.length === 0 ? 'an empty body' : 'something that is not JSON')
      const failure = deployment.wire.findFailure(parsed)
      if (failure !== null) return failure
      const reply = deployment.wire.decodeReply(parsed, encoded.replyContext)
      const answer = isCompletion ? formatCompletion([reply], head) : formatChatReply(reply, head)
      return { body: Buffer.from(JSON.stringify(answer)), usage: reply.usage }
    },
  }
}

/** A chat model answers one prompt at a time. */
function chatBodyOf(
  body: Readonly<Record<string, unknown>>,
  target: WireTarget,
): Readonly<Record<string, unknown>> {
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

function pathOf(request: Pick<ModelRequest, 'operation' | 'requestedModel'>, deployment: Deployment): string {
  const path = deployment.paths[request.operation]
  if (path === null) {
    throw new GatewayError(
      'unsupported_parameter',
      `${deployment.provider.title} has no ${request.operation} endpoint; choose another model.`,
      { param: 'model' },
    )
  }
  return path
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return null
  }
}
