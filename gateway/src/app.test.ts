import { Socket } from 'node:net'
import { GatewayError } from '@routeiq/contract'
import { describe, expect, it } from 'vitest'
import { listRoutes } from './app.ts'
import { operationOf } from './audit/operations.ts'
import type { Endpoint } from './http/dispatch.ts'
import { Exchange } from './http/exchange.ts'
import type { AuthClass, Route } from './http/router.ts'
import { ServerResponse } from './http/server/server-response.ts'
import { fakeHead, fakeRequest } from './http/testing/fake-request.ts'

type Dependencies = Parameters<typeof listRoutes>[0]

/** Routes that answer without a credential. One more is a decision, so it is made here by hand. */
const publicRoutes = [
  // Signing in to tool servers: these ask browsers for a key, or clients for what they were given.
  'GET /.well-known/oauth-authorization-server/{selector}',
  'GET /mcp/oauth/callback',
  'GET /mcp/oauth/client.json',
  'GET /v1/mcp/server/oauth/{server_id}/authorize',
  'POST /v1/mcp/server/oauth/{server_id}/authorize',
  'POST /v1/mcp/server/oauth/{server_id}/register',
  'POST /v1/mcp/server/oauth/{server_id}/token',
  'GET /.well-known/oauth-protected-resource',
  'GET /.well-known/oauth-protected-resource/mcp',
  'GET /.well-known/oauth-protected-resource/mcp/{selector}',
  'GET /.well-known/oauth-protected-resource/{selector}/mcp',
  // These ask for a key themselves unless the operator has made the registry public.
  ...['/v0', '/v0.1'].flatMap((root) => [
    `GET ${root}/servers`,
    `GET ${root}/servers/{name}/versions`,
    `GET ${root}/servers/{name}/versions/{version}`,
  ]),
  // Cards of public agents; the others ask for a key themselves.
  'GET /.well-known/a2a-jwks.json',
  'GET /.well-known/agent-card.json',
  'GET /.well-known/agent.json',
  'GET /a2/a/agents/{id}/card',
  'GET /a2a/agents/{id}/card',
  'GET /a2a/{id}/.well-known/agent-card.json',
  'GET /a2a/{id}/.well-known/agent.json',
  'GET /v1/a2a/{id}/.well-known/agent-card.json',
  'GET /v1/a2a/{id}/.well-known/agent.json',
  // Agents push here with a token of their own in the path.
  'POST /a2a/{id}/push/{token}',
  'GET /.well-known/agent-skills/{rest*}',
  'GET /.well-known/skills/{rest*}',
  'GET /_health/live',
  'GET /_health/models',
  'GET /_health/ready',
  'GET /claude-code/marketplace.json',
  'GET /api/v1/routeiq/ui-config',
  'GET /config/services',
  'GET /config/status',
  'GET /health',
  'GET /health/liveliness',
  'GET /health/liveness',
  'GET /health/readiness',
  'GET /metrics',
  'GET /public/skill_hub',
]
/** Admin routes that only look something up. */
const changeNothing = [
  'POST /api/v1/evidence/replay',
  'POST /budget/info',
  'POST /organization/info',
  'POST /spend/calculate',
  'POST /tag/info',
]
/** Management routes that are not for admins alone. */
const userManagementRoutes = ['GET /key/info', 'POST /key/health', 'POST /key/successor']

const config = {
  server: { serviceName: 'test', maxRequestBytes: 1 },
  telemetry: { detailedTiming: false },
  requests: { errorCodeStyle: 'symbolic' },
}

const mcpConfig = {
  server: { host: '0.0.0.0', publicUrl: null, rootPath: '', corsOrigins: [] },
  mcp: { allowedHosts: [], allowedOrigins: [] },
}

/** Refuses everybody, and anything else a route reaches for before it has asked. */
function refusingDependencies(asked: AuthClass[]): Dependencies {
  const authenticate = (_headers: unknown, auth: AuthClass): never => {
    asked.push(auth)
    throw new GatewayError('invalid_api_key', 'refused by the test')
  }
  const identity = {
    authenticator: { authenticate },
    failedAttempts: { record: () => false },
    addresses: { require: () => {} },
    policies: { admit: () => {}, admitEarly: () => {} },
    audit: { record: () => {} },
    plugins: null,
  }
  const runtime = () => ({ config })
  const gateway = { identity, runtime, recordRequest: () => {} }
  const parts = {
    gateway,
    keys: { identity },
    hasSpendReports: true,
    rules: { identity },
    quotas: { identity },
    models: { identity },
    responses: { identity },
    skills: { identity },
    registry: { identity, publicRead: false, quotas: {} },
    tokens: { identity, runtime },
    wellKnown: { identity },
    marketplace: { identity },
    invocations: {},
    a2a: { plane: { identity, settings: () => ({ isEnabled: true }), directory: { find: () => null } } },
    health: { identity, runtime },
    operations: { identity },
    status: { identity },
    cache: { identity },
    breakers: { identity },
    litellm: { identity },
    plugins: { identity },
    audit: { identity },
    evidence: { identity, webhooks: {} },
    mcp: { identity, mcp: { config: () => mcpConfig } },
    skillRouter: { identity },
    routing: { gateway: { identity, now: Date.now } },
    passThroughEndpoints: [{ path: '/search', includesSubpaths: true }],
  }
  // Only what runs before authentication is there; the rest of the product must not be needed.
  return parts as unknown as Dependencies
}

const routes = listRoutes(refusingDependencies([]))
const nameOf = ({ method, template }: Route<Endpoint>): string => `${method} ${template}`
const templatesWith = (auth: AuthClass): string[] => routes.filter((route) => route.auth === auth).map(nameOf)

async function callWithoutKey(route: Route<Endpoint>): Promise<AuthClass[]> {
  const asked: AuthClass[] = []
  const same = listRoutes(refusingDependencies(asked)).find((other) => nameOf(other) === nameOf(route))
  const { request } = fakeRequest(fakeHead(route.method, route.template))
  const owner = { socket: new Socket().on('error', () => {}), mayKeepAlive: () => true, onAnswered: () => {} }
  const exchange = new Exchange(request, new ServerResponse(owner, false, false))
  try {
    await same?.handler.handle(exchange, {}, route)
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
  }
  return asked
}

describe('the routes', () => {
  it('are each there once', () => {
    const names = routes.map(nameOf)
    expect(names).toEqual([...new Set(names)])
  })

  it('are public only where this list says so', () => {
    expect(templatesWith('public').sort()).toEqual(publicRoutes.toSorted())
  })

  it('are recorded in the audit log where admins change something by them', () => {
    const changing = routes.filter(({ auth, method }) => auth === 'admin' && method !== 'GET')
    const unrecorded = changing.filter(({ method, template }) => operationOf(method, template) === null)
    expect(unrecorded.map(nameOf).sort()).toEqual(changeNothing)
  })

  it('keep management to admins', () => {
    const management = routes.filter(({ template }) => template.startsWith('/key/'))
    expect(management.length).toBeGreaterThan(0)
    expect(management.filter(({ auth }) => auth !== 'admin').map(nameOf)).toEqual(userManagementRoutes)
  })

  it.each(routes.filter((route) => route.auth !== 'public').map((route) => [nameOf(route), route] as const))(
    '%s asks for the credential it names before anything else',
    async (_, route) => {
      expect(await callWithoutKey(route)).toEqual([route.auth])
    },
  )
})
