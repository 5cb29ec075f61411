import type { Breaker, Breakers } from '../../balancing/breakers.ts'
import type { BreakerState, ProviderBreakers } from '../../balancing/provider-breakers.ts'
import type { AdmissionGate } from '../../http/admission-gate.ts'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import type { DependencyChecks } from '../../process/hub.ts'
import { controlEndpoint } from '../../rest/control-endpoint.ts'
import { version } from '../../version.ts'
import { type HealthPageDependencies, healthPage } from './health-page.ts'

export interface HealthDependencies extends HealthPageDependencies {
  readonly gate: AdmissionGate
  readonly checkDependencies: () => Promise<DependencyChecks>
  readonly breakers: Breakers
  readonly providers: ProviderBreakers
  /** Why the bundle that should choose models does not; null while it does, or there is none. */
  readonly bundleProblem: () => string | null
  /** True when no key guards the data plane. */
  readonly open: boolean
}

type ModelStatus = 'healthy' | 'degraded' | 'unhealthy'

/** Probes and health pages. None of them asks for a credential; only `/health` with an admin key calls providers. */
export function healthRoutes(deps: HealthDependencies): Route<Endpoint>[] {
  const page = (
    template: string,
    answer: (
      requestId: string,
    ) => Promise<{ status?: number; body: unknown }> | { status?: number; body: unknown },
    aliased = true,
  ): Route<Endpoint> => ({
    method: 'GET',
    template,
    auth: 'public',
    aliased,
    handler: controlEndpoint({
      identity: deps.identity,
      body: null,
      answer: ({ exchange }) => answer(exchange.requestId),
    }),
  })
  const { serviceName } = deps.runtime().config.server
  const alive = () => ({ body: "I'm alive!" })
  return [
    page('/_health/live', () => ({ body: { status: 'alive', service: serviceName } }), false),
    page('/_health/ready', (requestId) => showReadiness(deps, requestId), false),
    page('/_health/models', () => ({ body: { models: listModelHealth(deps) } }), false),
    page('/health/liveliness', alive),
    page('/health/liveness', alive),
    page('/health/readiness', () => showLitellmReadiness(deps)),
    { method: 'GET', template: '/health', auth: 'public', handler: healthPage(deps) },
  ]
}

interface ModelHealth {
  readonly model_id: string
  readonly status: ModelStatus
  readonly circuit_breaker: BreakerState
}

function listModelHealth(deps: HealthDependencies): ModelHealth[] {
  const now = deps.now()
  return [...deps.runtime().routing.byDeploymentId.values()].map(({ id, state, provider }) => {
    const ofProvider = deps.providers.stateOf(provider.id, now)
    const isOpen = state.isCoolingDown(now) || ofProvider === 'open'
    const isTried = state.isProbeTaken(now) || ofProvider === 'half_open'
    return {
      model_id: id,
      status: isOpen ? 'unhealthy' : isTried ? 'degraded' : 'healthy',
      circuit_breaker: isOpen ? 'open' : isTried ? 'half_open' : 'closed',
    }
  })
}

interface BreakerCheck {
  readonly status: 'open' | 'closed'
  /** Absent when none is open. */
  readonly open_breakers?: readonly string[]
  /** By the names of `/api/v1/routeiq/breakers`: those of providers, and of deployments that are not closed. */
  readonly breakers: Readonly<Record<string, BreakerState>>
}

function checkBreakers(all: readonly Breaker[]): BreakerCheck {
  // A probe's answer stays small with thousands of deployments.
  const told = all.filter(({ name, state }) => state !== 'closed' || name.startsWith('provider:'))
  const breakers = Object.fromEntries(told.map(({ name, state }) => [name, state]))
  const open = told.filter(({ state }) => state === 'open').map(({ name }) => name)
  return open.length > 0 ? { status: 'open', open_breakers: open, breakers } : { status: 'closed', breakers }
}

async function showReadiness(
  deps: HealthDependencies,
  requestId: string,
): Promise<{ status: number; body: unknown }> {
  const dependencies = await deps.checkDependencies()
  const models = listModelHealth(deps)
  const count = (status: ModelStatus): number => models.filter((model) => model.status === status).length
  const failed = dependencies.database.status === 'failed' || dependencies.redis?.status === 'failed'
  const breakers = checkBreakers(deps.breakers.list())
  const isRefused = deps.bundleProblem() !== null
  const isDegraded = breakers.status === 'open' || isRefused
  const status = deps.gate.draining || failed ? 'not_ready' : isDegraded ? 'degraded' : 'ready'
  const body = {
    status,
    service: deps.runtime().config.server.serviceName,
    is_degraded: status === 'degraded',
    checks: {
      drain_status: {
        status: deps.gate.draining ? 'draining' : 'accepting',
        active_requests: deps.gate.active,
      },
      circuit_breakers: breakers,
      ...dependencies,
      ...(isRefused
        ? {
            routing_bundle: {
              status: 'refused',
              message: 'what it was to replace chooses; see /router/info',
            },
          }
        : {}),
      ...(deps.open
        ? { authentication: { status: 'open', message: 'no key is required; see --insecure-no-auth' } }
        : {}),
    },
    models: {
      healthy: count('healthy'),
      degraded: count('degraded'),
      unhealthy: count('unhealthy'),
      total: models.length,
    },
    request_id: requestId,
  }
  return status === 'not_ready' ? { status: 503, body: { detail: body } } : { status: 200, body }
}

async function showLitellmReadiness(deps: HealthDependencies): Promise<{ status: number; body: unknown }> {
  const dependencies = await deps.checkDependencies()
  const up = dependencies.database.status === 'ok'
  const body = {
    status: up && !deps.gate.draining ? 'healthy' : 'unhealthy',
    db: up ? 'connected' : 'Not connected',
    cache: dependencies.redis === undefined ? null : 'redis',
    litellm_version: version,
    success_callbacks: [],
    last_updated: new Date(deps.now()).toISOString(),
  }
  return { status: up && !deps.gate.draining ? 200 : 503, body }
}
