import { compileModelGrants, type GrantLayer, type ModelGrants } from '../deployments/allowed-models.ts'
import type { NamingPrincipal, ObjectGrants } from '../deployments/resolve-model.ts'
import { type Allowances, noAllowances } from '../governance/allowances.ts'

/** Who makes a request, derived from the credential alone. Immutable; shared by all requests of that credential. */
export interface Caller {
  readonly kind: 'master' | 'admin' | 'key' | 'anonymous'
  /** SHA-256 hex of the credential; null for anonymous callers of an open gateway. */
  readonly keyHash: string | null
  readonly keyAlias: string | null
  /** `sk-...` and the last four characters, safe to show. */
  readonly keyName: string | null
  readonly userId: string | null
  readonly teamId: string | null
  readonly organizationId: string | null
  /** The models the key may call. */
  readonly grants: ModelGrants
  /** What else holds the key to some models: its team, its user, its organization. */
  readonly layers: readonly GrantLayer[]
  /** The names the key's own aliases rewrite, and the agents it may name. */
  readonly naming: NamingPrincipal
  /** The agents, tool servers and tools it is limited to. */
  readonly objects: ObjectGrants
  /** Route groups or paths the key is limited to; empty allows all. */
  readonly allowedRoutes: readonly string[]
  /** Paths of raw access the key is limited to; empty allows all. */
  readonly allowedRawRoutes: readonly string[]
  readonly metadata: Readonly<Record<string, unknown>>
  readonly tags: readonly string[]
  /** Members every body must have, `metadata.x` for one within. */
  readonly enforcedParams: readonly string[]
  /** What its requests may say in `cache`; empty allows all. */
  readonly allowedCacheControls: readonly string[]
  /** The limits of the key itself, as its owner is told. */
  readonly limits: KeyLimits
  /** What its workspace and its governance say beside models and limits; null for a key without. */
  readonly governance: CallerGovernance | null
  /** What limits its calls: of the key and everybody it belongs to. */
  readonly allowances: Allowances
  /** `proxy_admin`, `internal_user`, …; null for keys that belong to no user. */
  readonly role: string | null
  /** What the key and its user may do beyond their role: `key.write`, `mcp.*`, `*`. */
  readonly permissions: ReadonlySet<string>
  readonly isAdmin: boolean
}

/** What a key's workspace and governance make of its requests. */
export interface CallerGovernance {
  readonly workspaceId: string | null
  /** Families of endpoints it may call; null for all. */
  readonly scopes: ReadonlySet<string> | null
  /** Members every request of it has; null for none. */
  readonly enforcedConfig: Readonly<Record<string, unknown>> | null
  /** Requests may say otherwise. */
  readonly mayOverride: boolean
  /** Of requests that name none. */
  readonly routingProfile: string | null
}

/** What a key may use, as stored with it; null where it has no such limit. */
export interface KeyLimits {
  readonly maxBudgetUsd: number | null
  readonly tokensPerMinute: number | null
  readonly requestsPerMinute: number | null
}

const noLimits: KeyLimits = { maxBudgetUsd: null, tokensPerMinute: null, requestsPerMinute: null }

const allObjects: ObjectGrants = { isAdmin: false, teamId: null, permissions: [], agentId: null }
const objectsOfAdmin: ObjectGrants = { ...allObjects, isAdmin: true }

const unrestricted = {
  keyAlias: null,
  userId: null,
  teamId: null,
  organizationId: null,
  grants: compileModelGrants([]),
  layers: [],
  naming: { teamId: null, keyAliases: null, teamAliases: null, agents: allObjects },
  objects: allObjects,
  allowedRoutes: [],
  allowedRawRoutes: [],
  metadata: {},
  tags: [],
  enforcedParams: [],
  allowedCacheControls: [],
  limits: noLimits,
  governance: null,
  allowances: noAllowances,
  role: null,
  permissions: new Set<string>(),
} as const

/** The caller of a gateway that is open because no key is configured on a loopback bind. */
export const anonymousCaller: Caller = {
  ...unrestricted,
  kind: 'anonymous',
  keyHash: null,
  keyName: null,
  isAdmin: false,
}

/** The gateway itself, for what it does on nobody's behalf. */
export const gatewayCaller: Caller = {
  ...unrestricted,
  kind: 'admin',
  keyHash: null,
  keyAlias: 'routeiq',
  keyName: null,
  isAdmin: true,
}

export function configuredCaller(kind: 'master' | 'admin', credential: string, keyHash: string): Caller {
  const naming = { ...unrestricted.naming, agents: objectsOfAdmin }
  const keyName = maskKey(credential)
  return { ...unrestricted, naming, objects: objectsOfAdmin, kind, keyHash, keyName, isAdmin: true }
}

/** Who a row says has made or changed it; null where nobody is known. */
export function actorOf(caller: Pick<Caller, 'userId' | 'kind'> | null): string | null {
  return caller?.userId ?? caller?.kind ?? null
}

/** `sk-...` and the last four characters; shorter secrets show nothing. */
export function maskKey(key: string): string {
  return key.length >= 12 ? `sk-...${key.slice(-4)}` : 'sk-...'
}
