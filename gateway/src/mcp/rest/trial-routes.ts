import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import type { McpGateway } from '../mcp-gateway.ts'
import type { McpServer } from '../server.ts'
import { UpstreamFailure } from '../upstream/upstream-failure.ts'
import { anyObject, type McpRoutesDependencies, mcpRoute } from './mcp-endpoint.ts'
import { noPrograms, readServerBody } from './register-server.ts'

/** Trying a server before it is registered. Nothing is kept; programs are refused, as everywhere over REST. */
export function trialRoutes(deps: McpRoutesDependencies): Route<Endpoint>[] {
  return [
    mcpRoute(deps, {
      ...{ method: 'POST', template: '/mcp-rest/test/connection', auth: 'admin', body: anyObject },
      answer: async ({ gateway, body }) => {
        const failure = await tryOut(gateway, body).then(() => null, failureOf)
        if (failure === null) return { body: { status: 'ok' } }
        return { body: { status: 'error', error: failure.kind, message: failure.message } }
      },
    }),
    mcpRoute(deps, {
      ...{ method: 'POST', template: '/mcp-rest/test/tools/list', auth: 'admin', body: anyObject },
      answer: async ({ gateway, body }) => {
        try {
          const { tools } = await tryOut(gateway, body)
          const message = 'Successfully retrieved tools'
          return { body: { tools: tools.map(({ description }) => description), error: null, message } }
        } catch (error) {
          const { kind, message } = failureOf(error)
          return { body: { tools: [], error: kind, message } }
        }
      },
    }),
  ]
}

/** Errors: those of a registration, and an `UpstreamFailure`. */
function tryOut(gateway: McpGateway, body: Readonly<Record<string, unknown>>) {
  const settings = readServerBody({ server_id: 'trial', ...body }, gateway, null, noPrograms)
  const stamps = { createdAt: null, createdBy: null, updatedAt: null, updatedBy: null }
  const server: McpServer = { settings, source: 'database', revision: 'trial', ...stamps }
  return gateway.upstreams.tryOut(server)
}

/** What is wrong with the body is refused like a registration. */
function failureOf(error: unknown): UpstreamFailure {
  if (error instanceof UpstreamFailure) return error
  throw error
}
