import type { Deployment } from '../deployments/deployment.ts'
import { editMembers, findOnlyMember, replaceValue } from '../json/edit-members.ts'
import type { UpstreamFailure } from '../providers/failure.ts'
import { editPassthrough, noEdits } from '../providers/openai/edit-passthrough.ts'
import { plainReplyContext } from '../providers/reply-context.ts'
import type { WireTarget } from '../providers/wire.ts'
import { encodeEmbeddings } from '../relay/embedding-encoding.ts'
import { readPassthroughReply } from '../relay/passthrough-reply.ts'
import { PassthroughStream } from '../relay/passthrough-stream.ts'
import type { PlainReply } from '../relay/relay.ts'
import { forwardedHeaders } from './forwarded-headers.ts'
import type { ModelRequest } from './model-request.ts'
import { formatterOf, parseJson, readReplyAsStream } from './translated-exchange.ts'
import type { UpstreamExchange } from './upstream-exchange.ts'
import { pathOf } from './upstream-path.ts'

const maxEventBytes = 8 * 1024 * 1024

/** The client's bytes with the few members changed that must be; the provider's bytes with the model's name. */
export function passThrough(
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
    path: pathOf(request.operation, deployment),
    headers: forwardedHeaders(request, deployment, []),
    body,
    relay: request.stream ? new PassthroughStream(options) : null,
    readReply: (answer) =>
      request.stream && request.operation === 'chat'
        ? readReplyAsStream(answer, deployment, plainReplyContext, formatterOf(request, 'chatcmpl'))
        : encodeReply(readPassthroughReply(answer, options), wantsBase64),
  }
}

function encodeReply(
  reply: PlainReply | UpstreamFailure,
  wantsBase64: boolean,
): PlainReply | UpstreamFailure {
  return wantsBase64 && 'body' in reply ? { ...reply, body: encodeEmbeddings(reply.body) } : reply
}
