import { GatewayError } from '@routeiq/contract'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Method, Route } from '../../http/router.ts'
import type { ControlAnswer } from '../../rest/control-endpoint.ts'
import type { InvocationRequest } from '../functions/invoke-skill.ts'
import { digestContent } from '../tree-digest.ts'
import { cutPage, listPage, readOrder, readPage } from './list-page.ts'
import { takeUpload } from './take-upload.ts'
import {
  addFromUpload,
  createFromUpload,
  listSafeVersions,
  requireSkill,
  requireVersion,
  type WireStore,
  zipVersion,
} from './wire-actions.ts'
import { deletesWithVersions } from './wire-dialect.ts'
import {
  markInvocation,
  type WireAnswer,
  type WireDependencies,
  type WireRequest,
  wireRoute,
} from './wire-request.ts'
import {
  formatDeletedSkill,
  formatDeletedVersion,
  formatList,
  formatSkill,
  formatVersion,
} from './wire-shapes.ts'

const maxInvocationBytes = 1_048_576

export interface WireRoutesDependencies extends WireStore, WireDependencies {
  /** Answers a request that is for a vendor's account; false for one that is for the store. */
  readonly relay: (request: WireRequest) => Promise<boolean>
  /** Calls a function or gives out a text; without a name the body names it. */
  readonly invoke: (request: InvocationRequest) => Promise<ControlAnswer>
}

/** `/v1/skills` as Anthropic (both shapes) and OpenAI speak it, over the one store or an account at the vendor. */
export function skillWireRoutes(deps: WireRoutesDependencies): {
  readonly routes: readonly Route<Endpoint>[]
  /** Shows a skill. */
  readonly shown: Route<Endpoint>
} {
  const root = '/v1/skills'
  const one = `${root}/{name}`
  const version = `${one}/versions/{version}`
  const route = (method: Method, template: string, answer: WireAnswer): Route<Endpoint> =>
    wireRoute(deps, method, template, answer)
  const kept = (method: Method, template: string, answer: WireAnswer): Route<Endpoint> =>
    route(method, template, async (request) => ((await deps.relay(request)) ? null : answer(request)))
  const shown = kept('GET', one, async ({ workspaceId, id, dialect }) =>
    formatSkill(dialect, await requireSkill(deps.store, workspaceId, id)),
  )
  const routes = [
    route('POST', root, (request) => createOrInvoke(deps, request)),
    kept('GET', root, (request) => listSkills(deps, request)),
    shown,
    route('POST', one, (request) => setDefaultOrInvoke(deps, request)),
    kept('DELETE', one, (request) => removeSkill(deps, request)),
    kept('GET', `${one}/content`, (request) => sendContent(deps, request, 'latest')),
    kept('POST', `${one}/versions`, (request) => addVersion(deps, request)),
    kept('GET', `${one}/versions`, (request) => listVersions(deps, request)),
    kept('GET', version, (request) => showVersion(deps, request)),
    kept('DELETE', version, (request) => removeVersion(deps, request)),
    kept('GET', `${version}/content`, (request) => sendContent(deps, request, request.version)),
  ]
  return { routes, shown }
}

async function showVersion(
  { store }: WireRoutesDependencies,
  { workspaceId, id, dialect, version: spelt }: WireRequest,
): Promise<object> {
  const skill = await requireSkill(store, workspaceId, id)
  return formatVersion(dialect, skill, await requireVersion(store, workspaceId, skill, spelt))
}

/** One path, three meanings: files make a skill, a name calls a function, anything else is neither. */
async function createOrInvoke(deps: WireRoutesDependencies, request: WireRequest): Promise<object | null> {
  const { contentType, body, workspaceId, dialect } = request
  const json = isJson(contentType) ? parseObject(body) : null
  if (json !== null && json['files'] === undefined) {
    if (json['skill_name'] !== undefined) return invoke(deps, request, null, json)
    const message = 'Send {"files": […]} to create a skill, or {"skill_name", "parameters"} to call one.'
    throw new GatewayError('invalid_request', message)
  }
  if (await deps.relay(request)) return null
  const upload = takeUpload(contentType, body, deps.settings())
  return formatSkill(dialect, await createFromUpload(deps, workspaceId, upload, request))
}

async function setDefaultOrInvoke(
  deps: WireRoutesDependencies,
  request: WireRequest,
): Promise<object | null> {
  const { workspaceId, id, dialect } = request
  const json = parseObject(request.body)
  const wanted = json['default_version']
  if (typeof wanted !== 'string' || Object.keys(json).length !== 1) return invoke(deps, request, id, json)
  if (await deps.relay(request)) return null
  const skill = await requireSkill(deps.store, workspaceId, id)
  const { versionId } = await requireVersion(deps.store, workspaceId, skill, wanted)
  await deps.store.updateMetadata(workspaceId, skill.skillId, { defaultVersionId: versionId })
  return formatSkill(dialect, await requireSkill(deps.store, workspaceId, id))
}

async function invoke(
  deps: WireRoutesDependencies,
  { exchange, workspaceId, createdBy: actor, body, query }: WireRequest,
  name: string | null,
  json: Readonly<Record<string, unknown>>,
): Promise<null> {
  markInvocation(exchange)
  if (body.length > maxInvocationBytes)
    throw new GatewayError('request_too_large', 'The arguments of a function have at most 1 MiB.')
  const withLogs = query.get('logs') === 'true'
  const { requestId, trace } = exchange
  const answer = await deps.invoke({ requestId, actor, workspaceId, name, body: json, withLogs, trace })
  exchange.sendJson(answer.status ?? 200, answer.body, answer.headers)
  return null
}

async function listSkills({ store }: WireRoutesDependencies, request: WireRequest): Promise<object> {
  const { workspaceId, query, dialect } = request
  // Those of the vendor's own are not in this store.
  if (query.get('source') === 'anthropic') return formatList({ items: [], hasMore: false, next: null })
  const page = await listPage(store, workspaceId, readPage(query), readOrder(dialect, query))
  return formatList({ ...page, items: page.items.map((skill) => formatSkill(dialect, skill)) })
}

async function removeSkill({ store }: WireRoutesDependencies, request: WireRequest): Promise<object> {
  const { workspaceId, id, dialect, exchange } = request
  const skill = await requireSkill(store, workspaceId, id)
  if (!deletesWithVersions(exchange) && (await store.listVersions(workspaceId, skill.skillId)).length > 0) {
    const message = 'The skill still has versions; delete them first.'
    throw new GatewayError('invalid_request', message, { param: 'skill_id' })
  }
  await store.delete(workspaceId, skill.skillId)
  return formatDeletedSkill(dialect, skill)
}

async function addVersion(deps: WireRoutesDependencies, request: WireRequest): Promise<object> {
  const { workspaceId, id, dialect, author, contentType, body, query } = request
  const skill = await requireSkill(deps.store, workspaceId, id)
  const upload = takeUpload(contentType, body, deps.settings())
  const made = { author, isForced: query.get('force_new_version') === 'true' }
  return formatVersion(dialect, skill, await addFromUpload(deps, workspaceId, skill, upload, made))
}

async function listVersions({ store }: WireRoutesDependencies, request: WireRequest): Promise<object> {
  const { workspaceId, id, dialect, query } = request
  const skill = await requireSkill(store, workspaceId, id)
  const versions = await listSafeVersions(store, workspaceId, skill)
  const ordered = query.get('order') === 'asc' ? [...versions].reverse() : versions
  const rows = ordered.map((version) => formatVersion(dialect, skill, version))
  return formatList(cutPage(rows, readPage(query)))
}

async function removeVersion({ store }: WireRoutesDependencies, request: WireRequest): Promise<object> {
  const { workspaceId, id, dialect, version: spelt } = request
  const skill = await requireSkill(store, workspaceId, id)
  const version = await requireVersion(store, workspaceId, skill, spelt)
  const isDefault = skill.served?.versionId === version.versionId
  if (
    dialect === 'openai' &&
    isDefault &&
    (await store.listVersions(workspaceId, skill.skillId)).length > 1
  ) {
    const message = 'This is the default version; choose another with default_version first.'
    throw new GatewayError('invalid_request', message, { param: 'version' })
  }
  await store.deleteVersion(workspaceId, skill.skillId, version.versionId)
  return formatDeletedVersion(dialect, version)
}

async function sendContent(
  { store }: WireRoutesDependencies,
  request: WireRequest,
  spelt: string,
): Promise<null> {
  const { workspaceId, id, exchange } = request
  const skill = await requireSkill(store, workspaceId, id)
  const version = await requireVersion(store, workspaceId, skill, spelt)
  const zip = await zipVersion(store, workspaceId, skill, version)
  const etag = `"${digestContent(zip)}"`
  if (exchange.header('if-none-match') === etag) {
    exchange.sendBytes(304, ['etag', etag], Buffer.alloc(0))
    return null
  }
  const disposition = `attachment; filename="${skill.urlSlug}.zip"`
  exchange.sendBytes(
    200,
    ['content-type', 'application/zip', 'etag', etag, 'content-disposition', disposition],
    zip,
  )
  return null
}

const isJson = (contentType: string): boolean => /^application\/json\b/i.test(contentType)

function parseObject(body: Buffer): Readonly<Record<string, unknown>> {
  let value: unknown = null
  try {
    value = JSON.parse(body.toString('utf8') || '{}')
  } catch {
    throw new GatewayError('invalid_json', 'The body is not valid JSON.')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new GatewayError('invalid_request', 'The body must be a JSON object.')
  return value as Record<string, unknown>
}
