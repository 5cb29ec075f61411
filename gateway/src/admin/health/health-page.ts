import { GatewayError } from '@routeiq/contract'
import { isModelAllowed } from '../../deployments/allowed-models.ts'
import type { Deployment } from '../../deployments/deployment.ts'
import { isOpenTo } from '../../deployments/is-open-to.ts'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Exchange } from '../../http/exchange.ts'
import type { Caller } from '../../identity/caller.ts'
import type { Identity } from '../../pipeline/authenticate.ts'
import type { Runtime } from '../../pipeline/model-request.ts'
import { controlEndpoint } from '../../rest/control-endpoint.ts'
import type { Transport } from '../../transport/transport.ts'
import { version } from '../../version.ts'
import { probeDeployment } from './probe-deployment.ts'

const probesAtOnce = 10

export interface HealthPageDependencies {
  readonly identity: Identity
  readonly runtime: () => Runtime
  readonly transport: Transport
  readonly now: () => number
}

/**
 * `GET /health`: public and cheap. A user key adds how the models it may call are doing, from what their requests
 * have shown; an admin key asks every deployment (or those of `?model=`) for a few tokens.
 */
export function healthPage(deps: HealthPageDependencies): Endpoint {
  return controlEndpoint({
    identity: deps.identity,
    body: null,
    answer: async ({ exchange, query }) => {
      const caller = await identify(deps, exchange)
      const status = { status: 'healthy', version }
      if (caller === null) return { body: status }
      const deployments = selectDeployments(deps.runtime(), caller, query.get('model'))
      return { body: { ...status, ...(await describeEndpoints(deps, deployments, caller.isAdmin)) } }
    },
  })
}

/** Null without a key, or with one nobody knows: the page stays public. */
async function identify(deps: HealthPageDependencies, exchange: Exchange): Promise<Caller | null> {
  try {
    const caller = await deps.identity.authenticator.authenticate(exchange.request.headers, 'user')
    return caller.kind === 'anonymous' ? null : caller
  } catch (error) {
    if (error instanceof GatewayError) return null
    throw error
  }
}

function selectDeployments(
  { routing }: Runtime,
  caller: Caller,
  model: string | null,
): readonly Deployment[] {
  const groups = [...routing.groups.values()].filter((group) => {
    const resolution = { requestedName: group.name, effectiveName: group.name, group, pinned: false }
    return (
      (model === null || model === group.name) && isModelAllowed(caller.grants, caller.layers, resolution)
    )
  })
  return groups.flatMap((group) => group.deployments.filter((deployment) => isOpenTo(deployment, caller)))
}

async function describeEndpoints(
  deps: HealthPageDependencies,
  deployments: readonly Deployment[],
  probes: boolean,
): Promise<Record<string, unknown>> {
  const findings = probes
    ? await probeAll(deps, deployments)
    : deployments.map((deployment) => observed(deps, deployment))
  const healthy: object[] = []
  const unhealthy: object[] = []
  deployments.forEach((deployment, index) => {
    const problem = findings[index] ?? null
    if (problem === null) healthy.push(describe(deployment))
    else unhealthy.push({ ...describe(deployment), error: problem })
  })
  return {
    healthy_endpoints: healthy,
    unhealthy_endpoints: unhealthy,
    healthy_count: healthy.length,
    unhealthy_count: unhealthy.length,
  }
}

async function probeAll(
  deps: HealthPageDependencies,
  deployments: readonly Deployment[],
): Promise<(string | null)[]> {
  const { requests } = deps.runtime().config
  const findings: (string | null)[] = []
  for (let start = 0; start < deployments.length; start += probesAtOnce) {
    const batch = deployments.slice(start, start + probesAtOnce)
    const probed = batch.map((deployment) =>
      probeDeployment(deployment, { transport: deps.transport, requests }),
    )
    findings.push(...(await Promise.all(probed)))
  }
  return findings
}

function observed(deps: HealthPageDependencies, { state }: Deployment): string | null {
  return state.isCoolingDown(deps.now())
    ? `cooling down after: ${state.cooldown?.reason ?? 'failures'}`
    : null
}

function describe(deployment: Deployment): object {
  return {
    model: deployment.upstreamModel,
    model_name: deployment.group,
    model_id: deployment.id,
    api_base: deployment.apiBase,
  }
}
