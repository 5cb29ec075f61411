import { setTimeout as sleep } from 'node:timers/promises'
import { GatewayError } from '@routeiq/contract'
import type { AuditTrail } from '../audit/audit-trail.ts'
import type { AddressGuard } from '../http/address-guard.ts'
import type { CallsBySource } from '../http/calls-by-source.ts'
import type { Exchange } from '../http/exchange.ts'
import type { AuthClass } from '../http/router.ts'
import type { RequestHeaders } from '../http/server/parse-request-head.ts'
import { type Authenticator, UnknownKey } from '../identity/authenticator.ts'
import type { Caller } from '../identity/caller.ts'
import { requireRouteAllowed } from '../identity/route-grants.ts'
import type { PluginHost } from '../plugins/plugin-host.ts'
import type { PolicyGate } from '../policy-engine/policy-gate.ts'

const guessingDelayMs = 1_000

/** What authentication reads; every plane has the same one. */
export interface Identity {
  readonly authenticator: Authenticator
  readonly failedAttempts: CallsBySource
  readonly addresses: AddressGuard
  readonly policies: PolicyGate
  /** Null where no plugin runs. */
  readonly plugins: PluginHost | null
  /** Where everything is recorded that changes something. */
  readonly audit: AuditTrail
}

/**
 * Who is calling. Sources that keep failing are slowed down and then refused with 429; valid keys never are. `alsoAdmits`
 * lets some callers of an admin route in who are no admins. Where a request `asksModel`, the rules that look at models are left
 * to whoever learns which it is.
 */
export function authenticate(
  identity: Identity,
  exchange: Exchange,
  auth: AuthClass,
  alsoAdmits?: (caller: Caller) => boolean,
  asksModel = false,
): Caller | Promise<Caller> {
  return authenticateHeaders(identity, exchange, credentialHeaders(exchange), auth, alsoAdmits, asksModel)
}

/** Who the owner of a key is that came another way than in the headers. */
export function authenticateKey(
  identity: Identity,
  exchange: Exchange,
  key: string,
): Caller | Promise<Caller> {
  return authenticateHeaders(identity, exchange, { authorization: `Bearer ${key}` }, 'user')
}

/** The caller behind a token that stands for a key. Errors: as `authenticate`. */
export async function authenticateToken(
  identity: Identity,
  exchange: Exchange,
  keyHash: string,
): Promise<Caller> {
  identity.addresses.require(exchange.request.remoteAddress)
  return admitted(identity, await identity.authenticator.findCaller(keyHash), exchange)
}

/** Whether a request says at all who sends it. */
export function hasCredential({ request: { headers } }: Exchange): boolean {
  return ['x-admin-api-key', 'x-litellm-api-key', 'x-routeiq-api-key', 'authorization', 'x-api-key'].some(
    (name) => headers[name] !== undefined,
  )
}

function authenticateHeaders(
  identity: Identity,
  exchange: Exchange,
  headers: RequestHeaders,
  auth: AuthClass,
  alsoAdmits?: (caller: Caller) => boolean,
  asksModel = false,
): Caller | Promise<Caller> {
  try {
    if (!exchange.isInProcess) identity.addresses.require(exchange.request.remoteAddress)
    const caller = identity.authenticator.authenticate(headers, auth, alsoAdmits, exchange.template)
    if (!(caller instanceof Promise)) return admitted(identity, caller, exchange, asksModel)
    return caller
      .then((found) => admitted(identity, found, exchange, asksModel))
      .catch((error) => countFailure(identity, exchange, error))
  } catch (error) {
    return countFailure(identity, exchange, error)
  }
}

/** Google's `?key=` means the same as its header. */
function credentialHeaders({ request, queryKey }: Exchange): RequestHeaders {
  return queryKey === null ? request.headers : { 'x-goog-api-key': queryKey, ...request.headers }
}

function admitted(
  { policies, plugins }: Identity,
  caller: Caller,
  exchange: Exchange,
  asksModel = false,
): Caller | Promise<Caller> {
  requireRouteAllowed(caller, exchange.template)
  if (asksModel) policies.admitEarly(caller, exchange)
  else policies.admit(caller, exchange)
  // What a plugin asks of the gateway is not shown to plugins.
  const asking = exchange.isInProcess ? null : (plugins?.admit(exchange) ?? null)
  return asking === null ? caller : asking.then(() => caller)
}

async function countFailure(identity: Identity, exchange: Exchange, error: unknown): Promise<never> {
  if (
    error instanceof UnknownKey &&
    identity.failedAttempts.record(exchange.request.remoteAddress ?? 'unknown')
  ) {
    await sleep(guessingDelayMs)
    throw new GatewayError(
      'rate_limit_exceeded',
      'Too many failed authentications from this address; try again in a minute.',
      {
        retryAfterSeconds: 60,
      },
    )
  }
  throw error
}
