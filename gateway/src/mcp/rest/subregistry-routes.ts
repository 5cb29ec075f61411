import { GatewayError } from '@routeiq/contract'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Exchange } from '../../http/exchange.ts'
import type { Route } from '../../http/router.ts'
import { authenticate } from '../../pipeline/authenticate.ts'
import { type ControlRequest, controlEndpoint } from '../../rest/control-endpoint.ts'
import { mcpDisabled } from '../mcp-plane.ts'
import { requirePrincipal } from '../native/native-routes.ts'
import { publicBase } from '../native/public-base.ts'
import { aliasOf, type McpServer } from '../server.ts'
import type { McpRoutesDependencies } from './mcp-endpoint.ts'

const defaultLimit = 30
const maxLimit = 100
const version = '1.0.0'
const schema = 'https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json'
const officialMeta = 'io.modelcontextprotocol.registry/official'

/** The servers behind the gateway in the form of the public registry of MCP, read only; addresses are the gateway's. */
export function subregistryRoutes(deps: McpRoutesDependencies): Route<Endpoint>[] {
  return ['/v0.1', '/v0'].flatMap((root) => [
    subregistryRoute(deps, `${root}/servers`, listPage),
    subregistryRoute(deps, `${root}/servers/{name}/versions`, (listed, { params }) => {
      const entry = requireEntry(listed, params['name'])
      return { servers: [entry], metadata: { count: 1 } }
    }),
    subregistryRoute(deps, `${root}/servers/{name}/versions/{version}`, (listed, { params }) => {
      const entry = requireEntry(listed, params['name'])
      if (params['version'] === 'latest' || params['version'] === version) return entry
      throw new GatewayError('server_not_found', `There is no version ${params['version'] ?? ''} of it.`)
    }),
  ])
}

type Answer = (listed: readonly Entry[], request: ControlRequest<undefined>) => unknown

function subregistryRoute(deps: McpRoutesDependencies, template: string, answer: Answer): Route<Endpoint> {
  return {
    ...{ method: 'GET', template, auth: 'public', aliased: false },
    handler: controlEndpoint<undefined>({
      identity: deps.identity,
      body: null,
      answer: async (request) => ({ body: answer(await listEntries(deps, request.exchange), request) }),
    }),
  }
}

interface Entry {
  readonly server: { readonly name: string; readonly title: string; readonly description: string }
  readonly _meta: { readonly [officialMeta]: { readonly updatedAt: string | null } }
}

/** In the order of their names. Without a key only where the registry is public, and then only public servers, for everybody. */
async function listEntries({ identity, mcp }: McpRoutesDependencies, exchange: Exchange): Promise<Entry[]> {
  const { mcp: settings, server } = mcp.config()
  if (!settings.enabled) throw mcpDisabled()
  const { isPublic, namespace } = settings.subregistry
  const caller = isPublic ? null : requirePrincipal(await authenticate(identity, exchange, 'user'))
  const { registry, views } = await mcp.requireGateway()
  const servers =
    caller === null
      ? registry.servers.filter(({ settings: one }) => one.isPublic)
      : views.visibleServers(caller)
  const base = publicBase(exchange, server)
  return servers
    .map((one) => describeEntry(one, namespace, base))
    .sort((a, b) => (a.server.name < b.server.name ? -1 : 1))
}

function describeEntry(server: McpServer, namespace: string, base: string): Entry {
  const { settings, createdAt, updatedAt } = server
  const alias = aliasOf(server)
  return {
    server: {
      $schema: schema,
      name: `${namespace}/${alias}`,
      title: settings.name,
      description: (settings.description ?? settings.name).slice(0, 100),
      version,
      remotes: [{ type: 'streamable-http', url: `${base}/mcp/${encodeURIComponent(alias)}` }],
    } as Entry['server'],
    _meta: {
      [officialMeta]: { status: 'active', publishedAt: createdAt, updatedAt, isLatest: true } as {
        updatedAt: string | null
      },
    },
  }
}

function requireEntry(listed: readonly Entry[], name = ''): Entry {
  const found = listed.find(({ server }) => server.name === name)
  if (found === undefined) throw new GatewayError('server_not_found', `There is no server ${name} here.`)
  return found
}

/** One page. Errors: 400 `invalid_request` for what a page cannot be asked by. */
function listPage(listed: readonly Entry[], { query }: ControlRequest<undefined>): unknown {
  const limit = readLimit(query.get('limit'))
  const after = readCursor(query.get('cursor'))
  const since = readTime(query.get('updated_since'))
  const search = query.get('search')?.toLowerCase() ?? ''
  const wanted = query.get('version') ?? 'latest'
  if (wanted !== 'latest' && wanted !== version) return { servers: [], metadata: { count: 0 } }
  const matching = listed.filter(
    (entry) =>
      entry.server.name > after &&
      entry.server.name.toLowerCase().includes(search) &&
      (since === null || isChangedSince(entry, since)),
  )
  const servers = matching.slice(0, limit)
  const last = servers.at(-1)
  const hasMore = matching.length > servers.length && last !== undefined
  const nextCursor = hasMore ? { nextCursor: Buffer.from(last.server.name).toString('base64url') } : {}
  return { servers, metadata: { count: servers.length, ...nextCursor } }
}

/** Nobody knows when servers of the file were changed. */
function isChangedSince(entry: Entry, since: number): boolean {
  const { updatedAt } = entry._meta[officialMeta]
  return updatedAt === null || Date.parse(updatedAt) > since
}

function readLimit(text: string | null): number {
  const limit = text === null ? defaultLimit : Number(text)
  if (Number.isInteger(limit) && limit >= 1 && limit <= maxLimit) return limit
  throw new GatewayError('invalid_request', `limit must be from 1 to ${maxLimit}.`, { param: 'limit' })
}

function readCursor(text: string | null): string {
  if (text === null || text === '') return ''
  const name = Buffer.from(text, 'base64url').toString('utf8')
  if (/^[\x21-\x7e]+$/.test(name)) return name
  throw new GatewayError('invalid_request', 'cursor must be the nextCursor of an earlier page.', {
    param: 'cursor',
  })
}

function readTime(text: string | null): number | null {
  if (text === null) return null
  const time = Date.parse(text)
  if (Number.isFinite(time)) return time
  throw new GatewayError('invalid_request', 'updated_since must be a time of RFC 3339.', {
    param: 'updated_since',
  })
}
