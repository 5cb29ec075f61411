import { GatewayError } from '@routeiq/contract'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import type { CatalogueView, ViewItem } from '../view/catalogue-view.ts'
import { callOverRest, requireTool } from './call-over-rest.ts'
import { anyObject, type McpRoutesDependencies, mcpRoute } from './mcp-endpoint.ts'
import { invocationDisabled } from './tool-routes.ts'

/** `/mcp-rest`: tools as clients of LiteLLM list and call them without the protocol. */
export function mcpRestRoutes(deps: McpRoutesDependencies): Route<Endpoint>[] {
  return [
    mcpRoute(deps, {
      ...{ method: 'GET', template: '/mcp-rest/tools/list', auth: 'user' },
      answer: async ({ gateway, caller, query }) => {
        const serverId = query.get('server_id')
        const view = await gateway.settledViews.find(caller, { selector: serverId || null })
        if (view === null) {
          const message = `There is no tool server ${serverId ?? ''}.`
          return { body: { tools: [], error: 'server_not_found', message } }
        }
        return { body: { tools: view.tools.map(describeTool), ...judge(view) } }
      },
    }),
    mcpRoute(deps, {
      ...{ method: 'POST', template: '/mcp-rest/tools/call', auth: 'user', body: anyObject },
      answer: async ({ gateway, caller, exchange, body }) => {
        const { toolInvocation } = deps.mcp.config().mcp
        if (toolInvocation === false) throw invocationDisabled()
        const { name, arguments: args = {}, server_id: serverId = null } = body
        if (typeof name !== 'string' || name === '')
          throw new GatewayError('missing_parameter', 'name is missing: which tool is to be called?', {
            param: 'name',
          })
        const id = typeof serverId === 'string' && serverId !== '' ? serverId : null
        if (id !== null && gateway.views.find(caller, { selector: id }) === null)
          throw new GatewayError('access_denied', `There is no tool server ${id}, or the key may not use it.`)
        const tool = await requireTool(gateway, caller, name, id)
        const result = await callOverRest(gateway, caller, exchange, tool, args)
        const server_id = tool.server.settings.serverId
        return { body: { ...result, status: 'success', tool_name: tool.name, server_id } }
      },
    }),
  ]

  /** What a list that is not whole lacks. */
  function judge({ servers, offers }: CatalogueView): { error: string | null; message: string } {
    const silent = servers.filter((server) => !offers.has(server))
    if (silent.length === 0) return { error: null, message: 'Successfully retrieved tools' }
    const names = silent.map(({ settings }) => settings.name).join(', ')
    const error = silent.length === servers.length ? 'server_error' : 'partial_failure'
    return { error, message: `These servers have not answered: ${names}.` }
  }
}

/** Without a prefix: these clients name the server beside the tool. */
function describeTool({ server, name, description }: ViewItem): object {
  const { settings } = server
  return {
    ...description,
    name,
    inputSchema: description['inputSchema'] ?? {},
    mcp_info: {
      server_name: settings.name,
      logo_url: settings.info['logo_url'] ?? null,
      server_id: settings.serverId,
    },
  }
}
