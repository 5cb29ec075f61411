import type { BlobSealer } from '../conversation/blob-sealer.ts'
import type { Deployment } from '../deployments/deployment.ts'
import { editMembers, findOnlyMember, type MemberEdits, replaceValue } from '../json/edit-members.ts'
import type { PassthroughOptions } from '../protocols/protocol.ts'
import { type BodyEdits, noEdits } from '../providers/passthrough-edits.ts'
import { plainReplyContext } from '../providers/reply-context.ts'
import type { WireTarget } from '../providers/wire.ts'
import { carrierOf } from './carrier-of.ts'
import { forwardedHeaders } from './forwarded-headers.ts'
import { keeperOf } from './history.ts'
import type { ModelRequest } from './model-request.ts'
import { formatterOf, parseJson, readReplyAsStream } from './translated-exchange.ts'
import type { UpstreamExchange } from './upstream-exchange.ts'
import { pathOf } from './upstream-path.ts'

type Body = Readonly<Record<string, unknown>>

const maxEventBytes = 8 * 1024 * 1024

/** The client's bytes with the few members changed that must be; the provider's bytes with the model's name. */
export function passThrough(
  request: ModelRequest,
  deployment: Deployment,
  wanted: Body,
  target: WireTarget,
  blobs: BlobSealer,
): UpstreamExchange {
  const { protocol } = request
  const { wire } = deployment
  const edits = wire.editPassthrough(wanted, target, request.operation)
  const options = passthroughOptions(request, deployment, publicIdsOf(request, deployment))
  return {
    path: pathOf(request.operation, deployment, request.stream),
    headers: forwardedHeaders(request, deployment, []),
    body: editBody(request, deployment, wanted, edits),
    dropped: edits.dropped,
    relay: request.stream ? protocol.createPassthroughStream(options) : null,
    readReply: (answer) =>
      request.stream && request.operation === 'chat'
        ? readReplyAsStream(
            answer,
            wire,
            plainReplyContext,
            formatterOf(request, carrierOf(blobs, deployment)),
            keeperOf(request),
          )
        : protocol.readPassthroughReply(answer, options),
  }
}

/** What a provider keeps itself is found again only by an id that tells where. */
function publicIdsOf(request: ModelRequest, deployment: Deployment): PassthroughOptions['publicId'] {
  const { history } = request
  return history === null ? null : (upstreamId) => history.publicId(request, deployment, upstreamId)
}

/** The client's bytes as this deployment gets them: the very same where nothing must change. */
export function editBody(
  request: ModelRequest,
  { wire, upstreamModel }: Deployment,
  wanted: Body,
  edits: BodyEdits,
): Buffer {
  const isUnchanged = edits === noEdits && wanted === request.body
  const names = wire.namesModelIn === 'body' ? JSON.stringify(upstreamModel) : null
  if (isUnchanged && names === null && request.body['model'] === undefined) return request.bytes
  const model = findOnlyMember(request.members, 'model')
  if (isUnchanged && names !== null && model !== null) return replaceValue(request.bytes, model, names)
  return editMembers(request.bytes, request.members, collectEdits(request.body, wanted, edits, names))
}

/** `model` is the member's JSON text, null when the wire takes none. */
function collectEdits(body: Body, wanted: Body, edits: BodyEdits, model: string | null): MemberEdits {
  const set = new Map<string, string>()
  const remove = new Set(edits.remove)
  if (model === null) remove.add('model')
  else set.set('model', model)
  if (wanted !== body) {
    for (const name in wanted) if (wanted[name] !== body[name]) set.set(name, JSON.stringify(wanted[name]))
    for (const name in body) if (!(name in wanted)) remove.add(name)
  }
  for (const name in edits.set) set.set(name, JSON.stringify(edits.set[name]))
  for (const name of remove) set.delete(name)
  return { set, remove }
}

/** How an answer of the client's own dialect is read on its way through. */
export function passthroughOptions(
  { operation, clientBody, requestedModel, includeUsage }: ModelRequest,
  { wire, provider }: Pick<Deployment, 'wire' | 'provider'>,
  publicId: PassthroughOptions['publicId'] = null,
): PassthroughOptions {
  return {
    operation,
    body: clientBody,
    publicId,
    requestedModel,
    includesUsage: includeUsage,
    maxEventBytes,
    decodeUsage: wire.decodeUsage,
    // The status says 200, so the words of the error decide what it is.
    decodeError: (text) =>
      wire.findFailure(parseJson(Buffer.from(text))) ?? wire.decodeError(200, {}, text, provider),
  }
}
