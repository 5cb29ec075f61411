import type { Deployment } from '../deployments/deployment.ts'
import type { RoutingSnapshot } from '../deployments/routing-snapshot.ts'

/** The deployment with this id, those of wildcard groups included; null when the configuration has none any more. */
export function findDeployment(
  { byDeploymentId, wildcards }: Pick<RoutingSnapshot, 'byDeploymentId' | 'wildcards'>,
  id: string,
): Deployment | null {
  const callable = byDeploymentId.get(id)
  if (callable !== undefined) return callable
  for (const { deployments } of wildcards) {
    const found = deployments.find((deployment) => deployment.id === id)
    if (found !== undefined) return found
  }
  return null
}
