import type { JsonRecord } from '../conversation/json-value.ts'
import type { Deployment } from '../deployments/deployment.ts'
import { editMembers, findOnlyMember, replaceValue } from '../json/edit-members.ts'
import { editParts } from '../multipart/edit-parts.ts'
import type { PassthroughOptions } from '../protocols/protocol.ts'
import { type BodyEdits, noEdits } from '../providers/passthrough-edits.ts'
import { plainReplyContext } from '../providers/reply-context.ts'
import type { WireTarget } from '../providers/wire.ts'
import { replaceHeaders } from './client-credentials.ts'
import { forwardedHeaders } from './forwarded-headers.ts'
import type { ModelRequest } from './model-request.ts'
import type { Upload } from './parse-upload.ts'
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
  const { wire, upstreamModel } = deployment
  const edits = wire.editPassthrough(wanted, target, request.operation)
  const isUnchanged = edits === noEdits && wanted === request.body && request.upload === null
  const names = wire.namesModelIn === 'body' ? JSON.stringify(upstreamModel) : null
  if (isUnchanged && names === null && request.body['model'] === undefined)
    return describePassthrough(request, deployment, request.bytes)
  const model = findOnlyMember(request.members, 'model')
  if (isUnchanged && names !== null && model !== null)
    return describePassthrough(request, deployment, replaceValue(request.bytes, model, names))
  const { set, remove } = collectEdits(request.body, wanted, edits)
  if (names === null) remove.add('model')
  else set.set('model', upstreamModel)
  for (const name of remove) set.delete(name)
  if (request.upload !== null) return passUpload(request, deployment, request.upload, { set, remove })
  const texts = new Map([...set].map(([name, value]) => [name, JSON.stringify(value)]))
  return describePassthrough(
    request,
    deployment,
    editMembers(request.bytes, request.members, { set: texts, remove }),
  )
}

function collectEdits(
  body: JsonRecord,
  wanted: JsonRecord,
  edits: BodyEdits,
): { readonly set: Map<string, unknown>; readonly remove: Set<string> } {
  const set = new Map<string, unknown>()
  const remove = new Set(edits.remove)
  if (wanted !== body) {
    for (const name in wanted) if (wanted[name] !== body[name]) set.set(name, wanted[name])
    for (const name in body) if (!(name in wanted)) remove.add(name)
  }
  for (const name in edits.set) set.set(name, edits.set[name])
  return { set, remove }
}

/** A form with the few fields changed that must be. What has not arrived of it goes on as it comes. */
function passUpload(
  request: ModelRequest,
  deployment: Deployment,
  { contentType, bytes, parts, rest }: Upload,
  { set, remove }: { readonly set: ReadonlyMap<string, unknown>; readonly remove: ReadonlySet<string> },
): UpstreamExchange {
  const texts = new Map([...set].map(([name, value]) => [name, formatField(value)]))
  const exchange = describePassthrough(request, deployment, editParts(bytes, parts, { set: texts, remove }))
  return { ...exchange, headers: replaceHeaders(exchange.headers, ['content-type', contentType]), rest }
}

function formatField(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function describePassthrough(request: ModelRequest, deployment: Deployment, body: Buffer): UpstreamExchange {
  const { protocol } = request
  const { wire } = deployment
  const options = passthroughOptions(request, deployment)
  return {
    path: pathOf(request.operation, deployment, request.stream),
    headers: forwardedHeaders(request, deployment, []),
    body,
    rest: null,
    relay: request.stream ? protocol.createPassthroughStream(options) : null,
    readReply: (answer, contentType) =>
      request.stream && request.operation === 'chat'
        ? readReplyAsStream(answer, wire, plainReplyContext, formatterOf(request))
        : protocol.readPassthroughReply(answer, options, contentType),
  }
}

/** How an answer of the client's own dialect is read on its way through. */
export function passthroughOptions(
  { operation, body, requestedModel, includeUsage }: ModelRequest,
  { wire, provider }: Pick<Deployment, 'wire' | 'provider'>,
): PassthroughOptions {
  return {
    operation,
    body,
    requestedModel,
    includesUsage: includeUsage,
    maxEventBytes,
    decodeUsage: wire.decodeUsage,
    // The status says 200, so the words of the error decide what it is.
    decodeError: (text) =>
      wire.findFailure(parseJson(Buffer.from(text))) ?? wire.decodeError(200, {}, text, provider),
  }
}
