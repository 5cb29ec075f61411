import { requireModelAllowed } from '../deployments/allowed-models.ts'
import { type Resolution, resolveModel } from '../deployments/resolve-model.ts'
import type { Gateway } from './gateway.ts'
import type { ModelRequest } from './model-request.ts'

/** What an admitted request holds until it is settled. */
export interface Admission {
  readonly resolution: Resolution
  /** Gives back everything that was taken; called once. */
  release(): void
}

/** Whether this caller may make this request: the model must exist and be granted. Counts it as in progress. */
export function admit(gateway: Gateway, request: ModelRequest): Admission {
  const { caller, runtime } = request
  const resolution = resolveModel(runtime.routing, request.requestedModel, caller.naming)
  requireModelAllowed(caller.grants, null, resolution)
  const model = resolution.group.name
  gateway.active.enter(model)
  return { resolution, release: () => gateway.active.leave(model) }
}
