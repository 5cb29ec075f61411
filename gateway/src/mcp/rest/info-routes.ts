import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import { legacyRevisions, modernRevision } from '../native/revisions.ts'
import { wholeView } from './call-over-rest.ts'
import { type McpRoutesDependencies, mcpRoute } from './mcp-endpoint.ts'

/** What a person or program wants to know of the endpoint before it speaks the protocol. */
export function infoRoutes(deps: McpRoutesDependencies): Route<Endpoint>[] {
  return [
    mcpRoute(deps, {
      ...{ method: 'GET', template: '/mcp/info', auth: 'user' },
      answer: async ({ gateway, caller, publicBase }) => {
        const { servers, tools, prompts, resources } = await wholeView(gateway, caller)
        return {
          body: {
            ...gateway.identity,
            url: `${publicBase}/mcp`,
            eras: { modern: [modernRevision], legacy: legacyRevisions },
            transports: transportsOf(deps).map(({ type }) => type),
            counts: {
              ...{ servers: servers.length, tools: tools.length },
              ...{ prompts: prompts.length, resources: resources.length },
            },
          },
        }
      },
    }),
    mcpRoute(deps, {
      ...{ method: 'GET', template: '/mcp/transport', auth: 'user' },
      answer: ({ publicBase }) => ({
        body: {
          transports: transportsOf(deps).map(({ path, ...transport }) => ({
            ...transport,
            url: publicBase + path,
          })),
        },
      }),
    }),
  ]
}

function transportsOf({ mcp }: McpRoutesDependencies) {
  const { server, mcp: settings } = mcp.config()
  const hasSessions = settings.sessionIdleMs > 0 && server.workers === 1
  const { isEnabled, isLegacy } = settings.sse
  return [
    { type: 'streamable_http', path: '/mcp', eras: ['modern', 'legacy'], sessions: hasSessions },
    ...(isEnabled && !isLegacy ? [{ type: 'sse', path: '/mcp/sse', eras: ['legacy'], sessions: true }] : []),
  ]
}
