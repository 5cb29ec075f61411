import { requireModelAllowed } from '../deployments/allowed-models.ts'
import { type Resolution, resolveModel } from '../deployments/resolve-model.ts'
import type { ModelRequest } from './model-request.ts'

/** Whether this caller may make this request: the model must exist and be granted. */
export function admit(request: ModelRequest): Resolution {
  const { caller, runtime } = request
  const resolution = resolveModel(runtime.routing, request.requestedModel, caller.naming)
  requireModelAllowed(caller.grants, null, resolution)
  return resolution
}
