import type { BlobSealer } from '../conversation/blob-sealer.ts'
import { parseJson } from '../conversation/json-value.ts'
import { isMediaOperation, type Operation } from '../conversation/operation.ts'
import type { Deployment } from '../deployments/deployment.ts'
import { findOnlyMember, spliceMembers, spliceValue } from '../json/edit-members.ts'
import { Pieces } from '../json/pieces.ts'
import { editParts } from '../multipart/edit-parts.ts'
import type { PassthroughOptions } from '../protocols/protocol.ts'
import { editMedia } from '../providers/edit-media.ts'
import { type BodyEdits, noEdits } from '../providers/passthrough-edits.ts'
import { plainReplyContext } from '../providers/reply-context.ts'
import type { Wire, WireTarget } from '../providers/wire.ts'
import type { BodyOctets } from '../transport/transport.ts'
import { carrierOf } from './carrier-of.ts'
import { replaceHeaders } from './client-credentials.ts'
import { quoteModel } from './describe-deployment.ts'
import { forwardedHeaders } from './forwarded-headers.ts'
import { keeperOf } from './history.ts'
import type { ModelRequest } from './model-request.ts'
import type { Upload } from './parse-upload.ts'
import { formatterOf, readReplyAsStream } from './translated-exchange.ts'
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
  const { protocol, upload } = request
  const { wire } = deployment
  const edits = editsOf(request.operation, wire, wanted, target)
  const options = passthroughOptions(request, deployment, publicIdsOf(request, deployment))
  const { headers, body, rest } =
    upload === null
      ? passBody(request, deployment, wanted, edits)
      : passUpload(request, deployment, wanted, edits, upload)
  return {
    path: pathOf(request.operation, deployment, request.stream),
    headers,
    body,
    rest,
    dropped: edits.dropped,
    relay: request.stream ? protocol.createPassthroughStream(options) : null,
    readReply: (answer, contentType) =>
      request.stream && request.operation === 'chat'
        ? readReplyAsStream(
            answer,
            wire,
            plainReplyContext,
            formatterOf(request, carrierOf(blobs, deployment)),
            keeperOf(request),
          )
        : protocol.readPassthroughReply(answer, options, contentType),
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
  deployment: Deployment,
  wanted: Body,
  edits: BodyEdits,
): BodyOctets {
  const { wire, upstreamModel } = deployment
  const isUnchanged = edits === noEdits && wanted === request.body
  const namesModel = wire.namesModelIn === 'body'
  if (isUnchanged && !namesModel && request.body['model'] === undefined) return request.bytes
  const model = findOnlyMember(request.members, 'model')
  if (isUnchanged && namesModel && model !== null)
    return new Pieces(spliceValue(request.bytes, model, quoteModel(deployment)))
  const { set, remove } = collectEdits(request.body, wanted, edits)
  if (!namesModel) remove.add('model')
  else set.set('model', upstreamModel)
  const texts = new Map<string, string>()
  for (const [name, value] of set) if (!remove.has(name)) texts.set(name, JSON.stringify(value))
  return new Pieces(spliceMembers(request.bytes, request.members, { set: texts, remove }))
}

/** The bodies of media operations are the same on every wire. */
function editsOf(operation: Operation, wire: Wire, wanted: Body, target: WireTarget): BodyEdits {
  return isMediaOperation(operation)
    ? editMedia(wanted, target, operation)
    : wire.editPassthrough(wanted, target, operation)
}

interface CollectedEdits {
  readonly set: Map<string, unknown>
  readonly remove: Set<string>
}

function collectEdits(body: Body, wanted: Body, edits: BodyEdits): CollectedEdits {
  const set = new Map<string, unknown>()
  const remove = new Set(edits.remove)
  if (wanted !== body) {
    for (const name in wanted) if (wanted[name] !== body[name]) set.set(name, wanted[name])
    for (const name in body) if (!(name in wanted)) remove.add(name)
  }
  for (const name in edits.set) set.set(name, edits.set[name])
  return { set, remove }
}

type Octets = Pick<UpstreamExchange, 'headers' | 'body' | 'rest'>

function passBody(request: ModelRequest, deployment: Deployment, wanted: Body, edits: BodyEdits): Octets {
  return {
    headers: forwardedHeaders(request, deployment, []),
    body: editBody(request, deployment, wanted, edits),
    rest: null,
  }
}

/** A form with the few fields changed that must be. What has not arrived of it goes on as it comes. */
function passUpload(
  request: ModelRequest,
  deployment: Deployment,
  wanted: Body,
  edits: BodyEdits,
  { contentType, bytes, parts, rest }: Upload,
): Octets {
  const { set, remove } = collectEdits(request.body, wanted, edits)
  set.set('model', deployment.upstreamModel)
  const texts = new Map<string, string>()
  for (const [name, value] of set) if (!remove.has(name)) texts.set(name, formatField(value))
  return {
    headers: replaceHeaders(forwardedHeaders(request, deployment, []), ['content-type', contentType]),
    body: editParts(bytes, parts, { set: texts, remove }),
    rest,
  }
}

function formatField(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** How an answer of the client's own dialect is read on its way through. */
export function passthroughOptions(
  { operation, clientBody, requestedModel, includeUsage, restoreContainer }: ModelRequest,
  { wire, provider }: Pick<Deployment, 'wire' | 'provider'>,
  publicId: PassthroughOptions['publicId'] = null,
): PassthroughOptions {
  return {
    operation,
    body: clientBody,
    publicId,
    restoreContainer,
    requestedModel,
    includesUsage: includeUsage,
    maxEventBytes,
    decodeUsage: wire.decodeUsage,
    // The status says 200, so the words of the error decide what it is.
    decodeError: (text) => wire.findFailure(parseJson(text)) ?? wire.decodeError(200, {}, text, provider),
  }
}
