import { GatewayError } from '@routeiq/contract'
import type { DialectId } from '../conversation/dialect.ts'
import {
  isListed,
  isModelAllowed,
  isModelBlocked,
  requireModelAllowed,
} from '../deployments/allowed-models.ts'
import { type Resolution, resolveModel } from '../deployments/resolve-model.ts'
import type { Arm } from '../deployments/routed-group.ts'
import type { Reservation } from '../governance/held-call.ts'
import { type Caller, gatewayCaller } from '../identity/caller.ts'
import type { Gateway } from './gateway.ts'
import type { ModelRequest, Runtime } from './model-request.ts'
import { requireParams } from './require-params.ts'

/** What an admitted request holds until it is settled. */
export interface Admission {
  readonly resolution: Resolution
  /** What is held against limits until the request is settled; null when nothing limits it. */
  readonly reservation: Reservation | null
  /** The request is no longer in progress; called once. */
  release(): void
}

/**
 * Whether this caller may make this request: the model must exist and be granted, and every limit must have room for what
 * the request will probably use. Counts it as in progress.
 */
export function admit(gateway: Gateway, request: ModelRequest): Admission | Promise<Admission> {
  requireParams(request)
  const resolution = resolveRequested(request)
  requireAllowed(request, resolution)
  requirePolicy(gateway, request, resolution)
  const { caller, requestedModel, operation, body, options, exchange } = request
  const reserved = gateway.governor.admit({
    caller,
    group: resolution.group,
    requestedModel,
    operation,
    bytes: request.bytes.length,
    body,
    endUser: options.endUser,
    tags: options.tags,
    route: exchange.template,
    address: exchange.request.remoteAddress ?? null,
  })
  if (!(reserved instanceof Promise)) return enter(gateway, resolution, reserved)
  return reserved.then((reservation) => enter(gateway, resolution, reservation))
}

function enter(gateway: Gateway, resolution: Resolution, reservation: Reservation | null): Admission {
  const active = gateway.active.enter(resolution.group)
  return { resolution, reservation, release: () => gateway.active.leave(active) }
}

/** Rules see the name that was asked for and those it led to. Errors: 403 `policy_denied`. */
export function requirePolicy(
  { identity: { policies } }: Gateway,
  { runtime, caller, exchange }: ModelRequest,
  resolution: Resolution,
): void {
  if (runtime.policies !== null && caller !== gatewayCaller)
    policies.admitModels(caller, exchange, namesOf(resolution))
}

/**
 * Whether the request may also be answered by this model, to which it would fall back. Bans, workspaces and policies count
 * where the models of a key do not, because the operator named it (`isExempt`).
 */
export function mayUseModel(
  { identity: { policies } }: Gateway,
  { runtime, caller, exchange }: ModelRequest,
  resolution: Resolution,
  isExempt: boolean,
): boolean {
  const { grants, layers } = caller
  if (!(isExempt ? isListed(layers, resolution) : isModelAllowed(grants, layers, resolution))) return false
  if (runtime.banned?.touches(resolution) === true) return false
  return runtime.policies === null || policies.allowsModel(caller, exchange, namesOf(resolution))
}

/**
 * Whether nothing keeps a model of a pool from answering: no ban, no list of what is blocked, and no policy rule, which sees
 * the name of the pool beside its own.
 */
export function allowsArm(
  { identity: { policies } }: Gateway,
  { runtime, caller, exchange, requestedModel }: ModelRequest,
  { group }: Arm,
): boolean {
  const named = { requestedName: group.name, effectiveName: group.name, group, pinned: false }
  if (runtime.banned?.touches(named) === true || isModelBlocked(caller.layers, named)) return false
  return runtime.policies === null || policies.allowsModel(caller, exchange, [requestedModel, group.name])
}

function namesOf({ requestedName, effectiveName, group }: Resolution): readonly string[] {
  return [...new Set([requestedName, effectiveName, group.name])]
}

/** A name that stands for a pool is open to whoever may use a model of it. */
export function requireAllowed({ caller, runtime }: ModelRequest, resolution: Resolution): void {
  const routed = runtime.routing.routed.get(resolution.group)
  const isGranted = routed?.isPool === true && routed.arms.some((arm) => mayUseArm(caller, resolution, arm))
  if (!isGranted) requireModelAllowed(caller.grants, caller.layers, resolution)
  requireNotBanned(runtime, resolution)
}

/** The last word, for everybody. Errors: 403 `model_access_denied`. */
export function requireNotBanned({ banned }: Runtime, resolution: Resolution): void {
  if (banned === null || !banned.touches(resolution)) return
  throw new GatewayError(
    'model_access_denied',
    `The model ${resolution.requestedName} is banned on this gateway.`,
    {
      param: 'model',
    },
  )
}

/** Whether a caller may use one model of a pool: it is granted the pool by name, or the model. */
export function mayUseArm({ grants, layers }: Caller, resolution: Resolution, { group }: Arm): boolean {
  const named = { requestedName: group.name, effectiveName: group.name, group, pinned: false }
  return isModelAllowed(grants, layers, named) || isModelAllowed(grants, layers, resolution)
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
