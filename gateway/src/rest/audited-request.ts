import { GatewayError } from '@routeiq/contract'
import type { AuditOutcome } from '../audit/audit-record.ts'
import type { AuditTrail } from '../audit/audit-trail.ts'
import { describeActor } from '../audit/describe-actor.ts'
import { type Operation, operationOf } from '../audit/operations.ts'
import type { Endpoint } from '../http/dispatch.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Route } from '../http/router.ts'
import { RefusedCaller, UnknownKey } from '../identity/authenticator.ts'
import type { Caller } from '../identity/caller.ts'
import { digestKey } from '../identity/key-digest.ts'

const mostIds = 10

/** One request of a route outside the model pipeline, as the audit log sees it: who, what, and how it ended. */
export class AuditedRequest {
  readonly #trail: AuditTrail
  readonly #exchange: Exchange
  readonly #route: Route<Endpoint>
  /** Null for what changes nothing. */
  readonly operation: Operation | null
  readonly #params: Readonly<Record<string, string>>
  #caller: Caller | null = null
  #body: unknown

  constructor(
    trail: AuditTrail,
    exchange: Exchange,
    route: Route<Endpoint>,
    params: Readonly<Record<string, string>>,
  ) {
    this.#trail = trail
    this.#exchange = exchange
    this.#route = route
    this.#params = params
    this.operation = operationOf(route.method, route.template)
  }

  /** Errors: 503 `audit_log_unavailable` for a change that could not be recorded and must be. */
  async admit(caller: Caller | null): Promise<void> {
    this.#caller = caller
    const operation = this.operation
    if (operation === null) return
    const { action, resourceType, sensitivity } = operation
    this.#exchange.trace?.note({
      'routeiq.management.operation': action,
      'routeiq.management.resource_type': resourceType,
      'routeiq.management.sensitivity': sensitivity,
    })
    await this.#trail.admitChange()
  }

  read(body: unknown): void {
    this.#body = body
  }

  /** What was answered, a refusal with a body of its own included. Resolves once the row is written where nothing may happen unrecorded, else at once. */
  async answer(status: number | undefined, answer: unknown): Promise<void> {
    if (this.operation === null || this.operation.recordsItself) return
    // What was there already and was sent again is a change of it.
    const isUpdate = status === 200 && this.operation.action.startsWith('governance.')
    const failure = status !== undefined && status >= 400 ? `status ${status}` : null
    this.#record(this.operation, failure === null ? 'success' : 'error', failure, answer, isUpdate)
    await this.#trail.settleChange()
  }

  fail(error: unknown): void {
    const isRefused = error instanceof GatewayError && (error.status === 401 || error.status === 403)
    const reason = error instanceof GatewayError ? error.code : 'internal_error'
    if (error instanceof RefusedCaller) this.#caller = error.caller
    if (reason === 'audit_log_unavailable' || (this.#caller === null && isNobody(error))) return
    if (this.operation !== null) this.#record(this.operation, isRefused ? 'denied' : 'error', reason)
    else if (reason === 'invalid_admin_key') this.#recordLogin(reason)
  }

  #record(
    operation: Operation,
    outcome: AuditOutcome,
    reason: string | null,
    answer?: unknown,
    isUpdate = false,
  ) {
    const { action, resourceType, ids, details } = operation
    const named = ids.map((name) => nameResource(this.#read(name, answer))).find((id) => id !== null)
    this.#trail.record({
      requestId: this.#exchange.requestId,
      actor: describeActor(this.#caller),
      action: isUpdate ? action.replace(/\.create$/, '.update') : action,
      resourceType,
      resourceId: named ?? null,
      outcome,
      outcomeReason: reason,
      metadata: Object.fromEntries(details.flatMap((name) => scalar(name, memberOf(this.#body, name)))),
    })
  }

  #recordLogin(reason: string): void {
    const { requestId } = this.#exchange
    this.#trail.record({
      ...{ requestId, actor: describeActor(null), action: 'admin.login', resourceType: 'route' },
      resourceId: `${this.#route.method} ${this.#route.template}`,
      ...{ outcome: 'denied', outcomeReason: reason },
    })
  }

  #read(name: string, answer: unknown): unknown {
    return memberOf(answer, name) ?? memberOf(this.#body, name) ?? this.#params[name]
  }
}

/**
 * Requests without a key, and those of addresses that are slowed down after they have guessed keys, are not recorded: there is
 * nobody to name, and anybody could fill the log.
 */
function isNobody(error: unknown): boolean {
  if (!(error instanceof GatewayError) || error instanceof UnknownKey) return false
  return ['admin_key_required', 'invalid_api_key', 'rate_limit_exceeded'].includes(error.code)
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

/** One name, or the first of several; keys by their digest. */
function nameResource(value: unknown): string | null {
  if (Array.isArray(value)) {
    const names = value.slice(0, mostIds).flatMap((one) => nameResource(memberOf(one, 'key') ?? one) ?? [])
    return names.length === 0 ? null : names.join(' ')
  }
  if (typeof value !== 'string' || value === '') return null
  return value.startsWith('sk-') ? digestKey(value) : value
}

function scalar(name: string, value: unknown): [string, string | number | boolean][] {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? [[name, value]]
    : []
}
