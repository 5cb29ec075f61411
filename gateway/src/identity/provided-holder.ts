import { GatewayError, type PluginPrincipal } from '@routeiq/contract'
import type { KeyPrincipal, KeyRecord, KeyStore } from '../storage/key-store.ts'
import { digestKey } from './key-digest.ts'

/** The holder of a token that a plugin knows. */
export interface ProvidedHolder {
  /** The plugin. */
  readonly provider: string
  readonly principal: PluginPrincipal
}

/** Turns a token that is no key into whoever holds it; null for nobody. */
export type AdmitToken = (token: string) => Promise<KeyPrincipal | null>

/**
 * Has holders of tokens belong to the teams and users there are, as keys do. Errors of what it makes: 403 `permission_denied` where a
 * team or an organization is named that does not exist, for its limits would limit nothing.
 */
export function createTokenAdmission(
  identify: (token: string) => Promise<ProvidedHolder | null>,
  keys: Pick<KeyStore, 'completePrincipal'>,
): AdmitToken {
  return async (token) => {
    const holder = await identify(token)
    if (holder === null) return null
    const found = await keys.completePrincipal(keyOf(holder))
    requireThere('team', found.key.teamId, found.team, holder)
    requireThere('organization', found.key.organizationId, found.organization, holder)
    return found
  }
}

function requireThere(kind: string, id: string | null, found: object | null, holder: ProvidedHolder): void {
  if (id === null || found !== null) return
  throw new GatewayError(
    'permission_denied',
    `The ${kind} ${id} that ${holder.provider} names for this token does not exist.`,
  )
}

/** A key of the holder that is nowhere stored. Its digest is that of no credential, since none has a NUL. */
function keyOf({ provider, principal }: ProvidedHolder): KeyRecord {
  const name = `${provider}/${principal.id}`
  return {
    tokenHash: digestKey(`${provider}\0${principal.id}`),
    ...{ keyName: name, keyAlias: name },
    userId: principal.userId ?? null,
    teamId: principal.teamId ?? null,
    organizationId: principal.organizationId ?? null,
    models: principal.models ?? [],
    aliases: {},
    allowedRoutes: principal.allowedRoutes ?? [],
    tags: [],
    metadata: principal.metadata ?? {},
    blocked: false,
    expiresAt: principal.expiresAt ?? null,
    ...{ createdAt: 0, createdBy: null, updatedAt: 0 },
    settings: {
      rpm_limit: principal.requestsPerMinute,
      tpm_limit: principal.tokensPerMinute,
      max_parallel_requests: principal.parallelRequests,
      max_budget: principal.maxBudgetUsd,
      budget_duration: principal.budgetDuration,
    },
  }
}
