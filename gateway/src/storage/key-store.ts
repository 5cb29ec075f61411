import type { QuotaLimit } from '../quotas/quota.ts'
import type { MembershipRecord, SubjectRecord } from './subject-store.ts'

/**
 * One virtual key as stored. Only its digest is kept: `tokenHash` names a key and is never a credential.
 * Times are epoch milliseconds.
 */
export interface KeyRecord {
  /** SHA-256 hex of the full key, or HMAC-SHA-256 hex when a pepper is configured. */
  readonly tokenHash: string
  /** `sk-...` and the last four characters. */
  readonly keyName: string
  /** Unique when set. */
  readonly keyAlias: string | null
  readonly userId: string | null
  readonly teamId: string | null
  readonly organizationId: string | null
  /** Names, wildcards and access groups; empty allows all. */
  readonly models: readonly string[]
  /** Requested name → model to use instead. */
  readonly aliases: Readonly<Record<string, string>>
  /** Route groups, paths or path wildcards; empty allows all. */
  readonly allowedRoutes: readonly string[]
  readonly tags: readonly string[]
  readonly metadata: Readonly<Record<string, unknown>>
  readonly blocked: boolean
  /** Null never expires. */
  readonly expiresAt: number | null
  readonly createdAt: number
  readonly createdBy: string | null
  readonly updatedAt: number
  /** Every other field of the generate and update bodies (budgets, limits, guardrails, …), by its wire name. */
  readonly settings: Readonly<Record<string, unknown>>
}

/** A key with everybody it belongs to, as far as they exist. */
export interface KeyPrincipal {
  readonly key: KeyRecord
  /** Those it was made with by their owners, whose limits hold for all of them together; the first one first. */
  readonly makers: readonly KeyRecord[]
  /** When the digest that was asked for ends, where the key has another one since; null for the one it has. */
  readonly retiresAt: number | null
  readonly user: SubjectRecord | null
  readonly team: SubjectRecord | null
  readonly organization: SubjectRecord | null
  /** The one its governance names, else the one that bears the name of its team. */
  readonly workspace: SubjectRecord | null
  /** The user's place in the team. */
  readonly member: MembershipRecord | null
  /** The budgets all of them refer to. */
  readonly budgets: readonly SubjectRecord[]
}

export type NewKey = Omit<KeyRecord, 'createdAt' | 'updatedAt'>

/** Fields to change. `settings` is merged member by member; everything else is replaced. */
type KeyChanges = Partial<Omit<KeyRecord, 'tokenHash' | 'createdAt' | 'createdBy' | 'updatedAt'>>

/** What a key is promised of all that a team or a model has in a minute. */
export interface ThroughputShare {
  readonly metric: 'rpm' | 'tpm'
  readonly of: 'team' | 'model'
  readonly id: string
  readonly amount: number
  readonly capacity: number
}

export type KeySortField =
  | 'createdAt'
  | 'updatedAt'
  | 'expiresAt'
  | 'keyAlias'
  | 'keyName'
  | 'userId'
  | 'teamId'

export interface KeyQuery {
  /** First page is 1. */
  readonly page: number
  readonly size: number
  readonly userId?: string
  readonly teamId?: string
  /** Keys of these teams count beside those that match the user. */
  readonly orTeams?: readonly string[]
  readonly organizationId?: string
  readonly keyAlias?: string
  readonly tokenHash?: string
  /** Whose owner made them. */
  readonly mintedBy?: string
  /** Default `createdAt`. */
  readonly sortBy?: KeySortField
  /** Default `desc`. */
  readonly sortOrder?: 'asc' | 'desc'
}

interface KeyPage {
  readonly records: readonly KeyRecord[]
  /** Matching keys on all pages. */
  readonly total: number
}

/** Which keys to act on: digests, aliases, or all of some owners. */
export type KeySelector =
  | { readonly tokenHashes: readonly string[] }
  | { readonly keyAliases: readonly string[] }
  | { readonly ownedBy: 'userId' | 'teamId' | 'organizationId'; readonly ids: readonly string[] }

/** What takes the place of a key. */
interface KeySuccessor {
  readonly tokenHash: string
  readonly keyName: string
  /** Null for at once. */
  readonly validUntil: number | null
  readonly settings: KeyRecord['settings']
  /** Its text, sealed, for whoever holds a key that rotates; null where somebody is told. */
  readonly handover: string | null
}

/** What waits for the holder of a key. */
interface KeyHandover {
  /** The digest it was sealed for. */
  readonly retiredHash: string
  readonly sealed: string
  /** Of the old key. */
  readonly validUntil: number
}

/**
 * Where virtual keys live. Every method rejects with GatewayError `storage_unavailable` when the database does
 * not answer, and with `conflict` when a digest or alias is already taken.
 */
export interface KeyStore {
  /**
   * With a limit: rejects with `quota_exceeded` when the key's organisation has so many keys already. With shares: rejects with
   * `invalid_request` when somebody was promised too much of one.
   */
  create(key: NewKey, limit?: QuotaLimit | null, shares?: readonly ThroughputShare[]): Promise<KeyRecord>
  findByHash(tokenHash: string): Promise<KeyRecord | null>
  /** The key with this digest, or with a successor of it that still takes it. */
  findPrincipal(tokenHash: string): Promise<KeyPrincipal | null>
  /** A key that is not stored, with everybody it says it belongs to. */
  completePrincipal(key: KeyRecord): Promise<KeyPrincipal>
  findByAlias(keyAlias: string): Promise<KeyRecord | null>
  list(query: KeyQuery): Promise<KeyPage>
  /** The changed record; null when there is no such key. Shares as for `create`. */
  update(
    tokenHash: string,
    changes: KeyChanges,
    shares?: readonly ThroughputShare[],
  ): Promise<KeyRecord | null>
  /**
   * Gives a key another digest; the old one is taken for it until `validUntil`. Null when there is no such key. Errors:
   * `conflict` when the new digest is taken.
   */
  regenerate(tokenHash: string, successor: KeySuccessor): Promise<KeyRecord | null>
  /** What the holder of this key may still fetch; null when there is nothing. */
  findHandover(tokenHash: string): Promise<KeyHandover | null>
  /** Keys in force with `auto_rotate`, in the order of their digests. */
  listRotating(after: string, limit: number): Promise<readonly KeyRecord[]>
  /**
   * Has what `tokenHash` spends count as spent by these accounts, too: a key, by the first digest it had. The digests of those
   * that exist.
   */
  addSpender(accounts: readonly string[], tokenHash: string): Promise<readonly string[]>
  /** Lets every key begin anew with its budgets, at a time in epoch milliseconds; their digests. */
  resetSpend(at: number): Promise<readonly string[]>
  /** How many keys have a governance of their own. */
  countGoverned(): Promise<number>
  /** The aliases of all keys, or those that match; ascending. */
  aliases(query: Pick<KeyQuery, 'userId' | 'teamId'>): Promise<readonly string[]>
  /** Deletes what exists and returns it; what does not exist is simply missing from the answer. */
  delete(selector: KeySelector): Promise<readonly KeyRecord[]>
}
