import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import type { ViewItem } from '../view/catalogue-view.ts'
import { callOverRest, requireTool, wholeView } from './call-over-rest.ts'
import { anyObject, type McpRoutesDependencies, mcpRoute } from './mcp-endpoint.ts'

const root = '/llmrouter/mcp'
const callBody = z.object({
  tool_name: z.string().min(1),
  arguments: anyObject.default({}),
  server_id: z.string().nullish(),
})

/** Tools and resources over REST. */
export function toolRoutes(deps: McpRoutesDependencies): Route<Endpoint>[] {
  const get = { isOwn: true, method: 'GET', auth: 'user' } as const
  return [
    mcpRoute(deps, {
      ...{ ...get, template: `${root}/tools` },
      answer: async ({ gateway, caller }) => ({
        body: {
          tools: (await wholeView(gateway, caller)).tools.map(({ server, name }) => ({
            server_id: server.settings.serverId,
            server_name: server.settings.name,
            tool: name,
          })),
        },
      }),
    }),
    mcpRoute(deps, {
      ...{ ...get, template: `${root}/tools/list` },
      answer: async ({ gateway, caller }) => {
        const tools = (await wholeView(gateway, caller)).tools.map(describeTool)
        return { body: { tools, count: tools.length } }
      },
    }),
    mcpRoute(deps, {
      ...{ ...get, template: `${root}/tools/{tool_name}` },
      answer: async ({ gateway, caller, params }) => ({
        body: describeTool(await requireTool(gateway, caller, params['tool_name'] ?? '', null)),
      }),
    }),
    mcpRoute(deps, {
      ...{ isOwn: true, method: 'POST', auth: 'user', template: `${root}/tools/call`, body: callBody },
      answer: async ({ gateway, caller, exchange, body }) => {
        if (deps.mcp.config().mcp.toolInvocation !== true) throw invocationDisabled()
        const tool = await requireTool(gateway, caller, body.tool_name, body.server_id ?? null)
        const result = await callOverRest(gateway, caller, exchange, tool, body.arguments)
        const server_id = tool.server.settings.serverId
        return { body: { status: 'success', tool_name: tool.name, server_id, result } }
      },
    }),
    mcpRoute(deps, {
      ...{ ...get, template: `${root}/resources` },
      answer: async ({ gateway, caller }) => ({
        body: {
          resources: (await wholeView(gateway, caller)).resources.map(({ server, uri }) => ({
            server_id: server.settings.serverId,
            server_name: server.settings.name,
            resource: uri,
          })),
        },
      }),
    }),
    mcpRoute(deps, {
      ...{ ...get, template: `${root}/access_groups` },
      answer: ({ gateway, caller }) => {
        const groups = gateway.views.visibleServers(caller).flatMap(({ settings }) => settings.accessGroups)
        const access_groups = [...new Set(groups)].sort()
        return { body: { access_groups, count: access_groups.length } }
      },
    }),
    mcpRoute(deps, {
      ...{ ...get, template: `${root}/registry.json` },
      answer: ({ gateway, caller, query, publicBase }) => {
        const wanted = query
          .get('access_groups')
          ?.split(',')
          .filter((group) => group !== '')
        const servers = gateway.views
          .visibleServers(caller)
          .filter(
            ({ settings }) =>
              !wanted?.length || settings.accessGroups.some((group) => wanted.includes(group)),
          )
          .map(({ settings }) => {
            const view = gateway.views.find(caller, { selector: settings.serverId })
            return {
              id: settings.serverId,
              name: settings.name,
              url: caller.isAdmin ? settings.url : `${publicBase}/mcp/${settings.serverId}`,
              transport: settings.writtenTransport,
              tools: view?.tools.map(({ name }) => name) ?? [],
              resources: view?.resources.map(({ uri }) => uri) ?? [],
              auth_type: settings.authType,
            }
          })
        return { body: { version: '1.0', servers, server_count: servers.length } }
      },
    }),
  ]
}

function describeTool({ server, name, definition, description, isDeclared }: ViewItem): object {
  const schema = definition.description['inputSchema']
  return {
    name,
    server_id: server.settings.serverId,
    server_name: server.settings.name,
    description: description['description'] ?? '',
    input_schema: schema ?? {},
    ...(isDeclared && { _meta: { 'routeiq/declared': true } }),
  }
}

export function invocationDisabled(): GatewayError {
  return new GatewayError(
    'tool_invocation_disabled',
    'Calling tools here is off. Set LLMROUTER_ENABLE_MCP_TOOL_INVOCATION=true.',
  )
}
