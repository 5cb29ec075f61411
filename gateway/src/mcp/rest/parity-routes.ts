import { randomBytes } from 'node:crypto'
import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import { aliasOf } from '../server.ts'
import { wholeView } from './call-over-rest.ts'
import { describeServer, describeServers, writeServer } from './describe-server.ts'
import { anyObject, type McpRoutesDependencies, mcpRoute } from './mcp-endpoint.ts'
import { readServerBody } from './register-server.ts'
import { requireVisible } from './server-routes.ts'

const one = '/v1/mcp/server/{server_id}'
const write = { auth: 'admin', permission: 'mcp.server.write' } as const
const publicBody = z.object({ mcp_server_ids: z.array(z.string()).max(1_000) })

/** Tool servers as clients of LiteLLM manage them. */
export function parityRoutes(deps: McpRoutesDependencies): Route<Endpoint>[] {
  return [
    mcpRoute(deps, {
      ...{ method: 'GET', template: '/v1/mcp/server', auth: 'user' },
      answer: async ({ gateway, caller }) => ({
        body: await describeServers(gateway, caller, gateway.views.visibleServers(caller)),
      }),
    }),
    mcpRoute(deps, {
      ...{ method: 'POST', template: '/v1/mcp/server', ...write, body: anyObject },
      answer: async ({ gateway, caller, body, exchange }) => {
        const server_id = body['server_id'] ?? randomBytes(8).toString('hex')
        const settings = readServerBody({ ...body, server_id }, gateway, null, deps.mcp.config().mcp.stdioApi)
        if (gateway.registry.find(settings.serverId) !== null)
          throw new GatewayError(
            'invalid_request',
            `A server with the id ${settings.serverId} is there already.`,
          )
        const server = await gateway.registry.write(settings, 'create', caller.keyHash)
        gateway.audit('mcp.server.create', exchange, caller.keyHash, settings.serverId)
        return { status: 201, body: describeServer(gateway, caller, server) }
      },
    }),
    mcpRoute(deps, {
      ...{ method: 'PUT', template: '/v1/mcp/server', ...write, body: anyObject },
      answer: async ({ gateway, caller, body, exchange }) => {
        const before = requireVisible(gateway, caller, String(body['server_id'] ?? ''))
        const merged = { ...writeServer(before.settings), ...body }
        const settings = readServerBody(merged, gateway, before.settings, deps.mcp.config().mcp.stdioApi)
        const server = await gateway.registry.write(settings, 'replace', caller.keyHash)
        gateway.audit('mcp.server.update', exchange, caller.keyHash, settings.serverId)
        return { status: 202, body: describeServer(gateway, caller, server) }
      },
    }),
    mcpRoute(deps, {
      ...{ method: 'GET', template: '/v1/mcp/server/health', auth: 'user' },
      answer: ({ gateway, caller, query }) => {
        const wanted = query.getAll('server_ids')
        const body = gateway.views
          .visibleServers(caller)
          .filter(({ settings }) => wanted.length === 0 || wanted.includes(settings.serverId))
          .map((server) => ({
            server_id: server.settings.serverId,
            status: simpleStatus(gateway.catalogue.healthOf(server).status),
          }))
        return { body }
      },
    }),
    mcpRoute(deps, {
      ...{ method: 'GET', template: one, auth: 'user' },
      answer: async ({ gateway, caller, params }) => {
        const server = requireVisible(gateway, caller, params['server_id'])
        return { body: (await describeServers(gateway, caller, [server]))[0] }
      },
    }),
    mcpRoute(deps, {
      ...{ method: 'DELETE', template: one, ...write },
      answer: async ({ gateway, caller, params, exchange }) => {
        const { serverId } = requireVisible(gateway, caller, params['server_id']).settings
        await gateway.registry.remove(serverId)
        gateway.audit('mcp.server.delete', exchange, caller.keyHash, serverId)
        return { status: 202, body: null }
      },
    }),
    mcpRoute(deps, {
      ...{ method: 'POST', template: '/v1/mcp/make_public', ...write, body: publicBody },
      answer: async ({ gateway, caller, exchange, body: { mcp_server_ids: ids } }) => {
        const found = ids.map((id) => requireVisible(gateway, caller, id))
        for (const { settings } of found) {
          await gateway.registry.write({ ...settings, isPublic: true }, 'replace', caller.keyHash)
          gateway.audit('mcp.server.update', exchange, caller.keyHash, settings.serverId)
        }
        const message = `Made ${found.length} servers public.`
        return { status: 202, body: { message, public_mcp_servers: ids } }
      },
    }),
    mcpRoute(deps, {
      ...{ method: 'GET', template: '/v1/mcp/tools', auth: 'user' },
      answer: async ({ gateway, caller }) => ({
        body: { tools: (await wholeView(gateway, caller)).tools.map(({ description }) => description) },
      }),
    }),
    mcpRoute(deps, {
      ...{ method: 'GET', template: '/v1/mcp/access_groups', auth: 'user' },
      answer: ({ gateway, caller }) => {
        const groups = gateway.views.visibleServers(caller).flatMap(({ settings }) => settings.accessGroups)
        return { body: { access_groups: [...new Set(groups)].sort() } }
      },
    }),
    mcpRoute(deps, {
      ...{ method: 'GET', template: '/v1/mcp/registry.json', auth: 'user' },
      answer: ({ gateway, caller, publicBase }) => ({
        body: {
          servers: gateway.views.visibleServers(caller).map((server) => ({
            server: {
              name: aliasOf(server),
              title: server.settings.name,
              description: server.settings.description ?? server.settings.name,
              version: '1.0.0',
              remotes: [
                { type: 'streamable-http', url: `${publicBase}/mcp/${server.settings.serverId}/mcp` },
              ],
            },
          })),
        },
      }),
    }),
  ]
}

/** Clients of LiteLLM know three. */
function simpleStatus(status: string): string {
  return status === 'healthy' || status === 'unknown' ? status : 'unhealthy'
}
