import { GatewayError } from '@routeiq/contract'
import type { DialectId } from '../conversation/dialect.ts'
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
  const { caller } = request
  const resolution = resolveRequested(request)
  requireModelAllowed(caller.grants, null, resolution)
  const model = resolution.group.name
  gateway.active.enter(model)
  return { resolution, release: () => gateway.active.leave(model) }
}

/** Dialects whose own services answer 404 for a model they do not know. */
const unknownIsNotFound: ReadonlySet<DialectId> = new Set(['anthropic-messages', 'google-generate'])

/** What the requested name leads to. Errors: `invalid_model`, with the status its dialect has for it. */
export function resolveRequested({ runtime, requestedModel, caller, protocol }: ModelRequest): Resolution {
  try {
    return resolveModel(runtime.routing, requestedModel, caller.naming)
  } catch (error) {
    const isUnknown = error instanceof GatewayError && error.code === 'invalid_model'
    if (!isUnknown || !unknownIsNotFound.has(protocol.id)) throw error
    throw new GatewayError(error.code, error.message, { ...error.options, status: 404 })
  }
}
