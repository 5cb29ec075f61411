import type { Deployment } from '../deployments/deployment.ts'
import type { RequestTarget } from '../telemetry/request-record.ts'

const targets = new WeakMap<Deployment, RequestTarget>()

/** A deployment as text, one object for all its requests. */
export function describeTarget(deployment: Deployment): RequestTarget {
  let target = targets.get(deployment)
  if (target === undefined) {
    const { id, provider, upstreamModel, apiBase } = deployment
    target = { deploymentId: id, provider: provider.id, upstreamModel, apiBase }
    targets.set(deployment, target)
  }
  return target
}
