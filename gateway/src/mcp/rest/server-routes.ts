import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import type { Caller } from '../../identity/caller.ts'
import type { McpGateway } from '../mcp-gateway.ts'
import { serverNotFound } from '../registry/mcp-registry.ts'
import { isLazy, type McpServer } from '../server.ts'
import { describeHealth, describeServer, summarizeServer } from './describe-server.ts'
import { anyObject, type McpRoutesDependencies, mcpRoute } from './mcp-endpoint.ts'
import { readServerBody } from './register-server.ts'

const servers = '/llmrouter/mcp/servers'
const toolBody = z.object({
  name: z.string().min(1).max(256),
  description: z.string().max(16_384).nullish(),
  input_schema: anyObject.nullish(),
})

/** Tool servers over REST, with their health: `/llmrouter/mcp` and, the same, `/v1/llmrouter/mcp`. */
export function serverRoutes(deps: McpRoutesDependencies): Route<Endpoint>[] {
  const own = { isOwn: true } as const
  const write = { ...own, auth: 'admin', permission: 'mcp.server.write' } as const
  return [
    mcpRoute(deps, {
      ...{ ...own, method: 'GET', template: servers, auth: 'user' },
      answer: ({ gateway, caller }) => ({
        body: {
          servers: gateway.views
            .visibleServers(caller)
            .map((server) => summarizeServer(gateway, caller, server)),
        },
      }),
    }),
    mcpRoute(deps, {
      ...{ ...write, method: 'POST', template: servers, body: anyObject },
      answer: async ({ gateway, caller, body, exchange }) => {
        const before = gateway.registry.find(String(body['server_id']))
        if (before !== null) requireVisible(gateway, caller, before.settings.serverId)
        const settings = readServerBody(
          body,
          gateway,
          before?.settings ?? null,
          deps.mcp.config().mcp.stdioApi,
        )
        const server = await gateway.registry.write(settings, 'either', caller.keyHash)
        const action = before === null ? 'mcp.server.create' : 'mcp.server.update'
        gateway.audit(action, exchange, caller.keyHash, settings.serverId)
        return { body: { status: 'registered', server_id: server.settings.serverId } }
      },
    }),
    mcpRoute(deps, {
      ...{ ...own, method: 'GET', template: `${servers}/{server_id}`, auth: 'user' },
      answer: ({ gateway, caller, params }) => ({
        body: describeServer(gateway, caller, requireVisible(gateway, caller, params['server_id'])),
      }),
    }),
    mcpRoute(deps, {
      ...{ ...write, method: 'PUT', template: `${servers}/{server_id}`, body: anyObject },
      answer: async ({ gateway, caller, params, body, exchange }) => {
        const before = requireVisible(gateway, caller, params['server_id'])
        const { serverId } = before.settings
        if (body['server_id'] !== undefined && body['server_id'] !== serverId) {
          throw new GatewayError('invalid_request', 'server_id in the body must be that of the path.', {
            param: 'server_id',
          })
        }
        const settings = readServerBody(
          { ...body, server_id: serverId },
          gateway,
          before.settings,
          deps.mcp.config().mcp.stdioApi,
        )
        const server = await gateway.registry.write(settings, 'replace', caller.keyHash)
        gateway.audit('mcp.server.update', exchange, caller.keyHash, serverId)
        const described = describeServer(gateway, caller, server)
        return { body: { status: 'updated', server_id: serverId, server: described } }
      },
    }),
    mcpRoute(deps, {
      ...{ ...write, method: 'DELETE', template: `${servers}/{server_id}` },
      answer: async ({ gateway, caller, params, exchange }) => {
        const { serverId } = requireVisible(gateway, caller, params['server_id']).settings
        await gateway.registry.remove(serverId)
        gateway.audit('mcp.server.delete', exchange, caller.keyHash, serverId)
        return { body: { status: 'unregistered', server_id: serverId } }
      },
    }),
    mcpRoute(deps, {
      ...{ ...own, method: 'POST', template: `${servers}/{server_id}/tools`, auth: 'admin', body: toolBody },
      permission: 'mcp.tool.write',
      answer: async ({ gateway, caller, params, body, exchange }) => {
        const { serverId } = requireVisible(gateway, caller, params['server_id']).settings
        const tool = {
          name: body.name,
          description: body.description ?? null,
          inputSchema: body.input_schema ?? null,
        }
        await gateway.registry.declareTool(serverId, tool, caller.keyHash)
        gateway.audit('mcp.tool.register', exchange, caller.keyHash, serverId, body.name)
        return { body: { status: 'registered', tool_name: body.name, server_id: serverId } }
      },
    }),
    mcpRoute(deps, {
      ...{ ...own, method: 'GET', template: '/llmrouter/mcp/server/health', auth: 'user' },
      answer: async ({ gateway, caller, query }) => {
        const visible = gateway.views.visibleServers(caller)
        if (wantsProbe(caller, query))
          await Promise.all(visible.map((server) => gateway.upstreams.probe(server)))
        const statuses = visible.map((server) => gateway.catalogue.healthOf(server).status)
        const summary = {
          total: visible.length,
          healthy: statuses.filter((status) => status === 'healthy').length,
          // A program that nobody needed yet has done nothing wrong.
          unhealthy: statuses.filter((status, at) => {
            const server = visible[at]
            const isWaiting = status === 'unknown' && server !== undefined && isLazy(server)
            return status !== 'healthy' && !isWaiting
          }).length,
        }
        return { body: { servers: visible.map((server) => describeHealth(gateway, server)), summary } }
      },
    }),
    mcpRoute(deps, {
      ...{ ...own, method: 'GET', template: '/llmrouter/mcp/server/{server_id}/health', auth: 'user' },
      answer: async ({ gateway, caller, params, query }) => {
        const server = requireVisible(gateway, caller, params['server_id'])
        if (wantsProbe(caller, query)) await gateway.upstreams.probe(server)
        return { body: describeHealth(gateway, server) }
      },
    }),
  ]
}

/** Errors: 404 `server_not_found`, also for one the caller may not know of. */
export function requireVisible(gateway: McpGateway, caller: Caller, serverId = ''): McpServer {
  const server = gateway.views.visibleServers(caller).find(({ settings }) => settings.serverId === serverId)
  if (server === undefined) throw serverNotFound(serverId)
  return server
}

/** Reading dials nobody, unless an admin asks for it. */
function wantsProbe(caller: Caller, query: URLSearchParams): boolean {
  return caller.isAdmin && query.get('probe') === 'true'
}
