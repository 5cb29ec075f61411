import { GatewayError } from '@routeiq/contract'
import type { Endpoint } from '../http/dispatch.ts'
import type { Route } from '../http/router.ts'
import type { Identity } from '../pipeline/authenticate.ts'
import type { Runtime } from '../pipeline/model-request.ts'
import type { DependencyChecks } from '../process/hub.ts'
import { controlEndpoint } from '../rest/control-endpoint.ts'

export interface LitellmRoutesDependencies {
  readonly identity: Identity
  readonly runtime: () => Runtime
  readonly checkDependencies: () => Promise<DependencyChecks>
}

/** Pages of LiteLLM about the gateway itself. `listed` is every route, as it is when somebody asks. */
export function litellmRoutes(
  deps: LitellmRoutesDependencies,
  listed: () => readonly Route<Endpoint>[],
): Route<Endpoint>[] {
  const { identity } = deps
  const page = (
    auth: 'user' | 'admin',
    template: string,
    describe: (query: URLSearchParams, path: string) => object | Promise<object>,
  ): Route<Endpoint> => ({
    ...{ method: 'GET', auth, template },
    handler: controlEndpoint({
      ...{ identity, errors: 'openai-chat', body: null },
      answer: async ({ exchange, query }) => ({ body: await describe(query, exchange.template) }),
    }),
  })
  return [
    page('user', '/routes', () => ({ routes: describeRoutes(listed()) })),
    page('user', '/test', (_, path) => ({ route: path })),
    page('admin', '/health/services', (query) => checkService(deps, query.get('service'))),
    page('user', '/health/shared-status', () => ({
      shared_health_check_enabled: false,
      message: 'Replicas tell each other of cooldowns; probes of /health are made by whoever is asked.',
    })),
  ]
}

function describeRoutes(routes: readonly Route<Endpoint>[]): object[] {
  const byPath = new Map<string, string[]>()
  for (const { method, template } of routes)
    byPath.set(template, [
      ...(byPath.get(template) ?? []),
      ...(method === 'GET' ? ['GET', 'HEAD'] : [method]),
    ])
  return [...byPath].map(([path, methods]) => ({ path, methods }))
}

type Finding = 'ok' | 'failed' | 'not_configured'

/** Errors: 400 without the name of a service that is in use here, 503 for one that does not answer. */
async function checkService(deps: LitellmRoutesDependencies, service: string | null): Promise<object> {
  const findings = await findServices(deps)
  const finding = findings.get(service ?? '')
  if (service === null || finding === undefined || finding === 'not_configured')
    throw new GatewayError(
      'invalid_request',
      `service must be one of those in use: ${[...findings].flatMap(([name, is]) => (is === 'not_configured' ? [] : name)).join(', ')}.`,
      { param: 'service' },
    )
  if (finding === 'failed') throw new GatewayError('storage_unavailable', `${service} does not answer.`)
  return { status: 'success', message: `${service} is in use and healthy.` }
}

async function findServices({
  runtime,
  checkDependencies,
}: LitellmRoutesDependencies): Promise<ReadonlyMap<string, Finding>> {
  const { database, redis } = await checkDependencies()
  const { tracing } = runtime().config.telemetry
  return new Map<string, Finding>([
    ['database', database.status],
    ['redis', redis?.status ?? 'not_configured'],
    ['prometheus', 'ok'],
    ['otel', tracing.isEnabled && tracing.url !== null ? 'ok' : 'not_configured'],
  ])
}
