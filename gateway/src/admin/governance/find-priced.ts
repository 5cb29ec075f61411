import type { Deployment } from '../../deployments/deployment.ts'
import { isOpenTo } from '../../deployments/is-open-to.ts'
import { resolveModel } from '../../deployments/resolve-model.ts'
import type { RoutingSnapshot } from '../../deployments/routing-snapshot.ts'
import type { Caller } from '../../identity/caller.ts'

/** The deployment whose prices a caller is told for a model. Errors: `invalid_model` for one that is not there for them. */
export function findPriced(
  routing: RoutingSnapshot,
  model: string,
  caller: Caller | null,
): Deployment | undefined {
  if (caller === null) throw new Error('the route asks for a key')
  const { group } = resolveModel(routing, model, caller.naming)
  return group.deployments.find((deployment) => isOpenTo(deployment, caller))
}
