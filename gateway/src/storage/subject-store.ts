/**
 * Whoever keys belong to or spend is counted for. A `budget` is a set of limits that others refer to, a `usage_policy` a rule
 * about use.
 */
export type SubjectKind =
  | ('user' | 'team' | 'organization' | 'workspace')
  | ('customer' | 'tag' | 'budget' | 'usage_policy')

/** One subject as stored. Times are epoch milliseconds. */
export interface SubjectRecord {
  readonly kind: SubjectKind
  readonly id: string
  readonly alias: string | null
  readonly organizationId: string | null
  readonly blocked: boolean
  /** Names, wildcards and access groups; empty allows all. */
  readonly models: readonly string[]
  readonly metadata: Readonly<Record<string, unknown>>
  /** Every other field (budgets, limits, roles, …) by its wire name. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly createdAt: number
  readonly createdBy: string | null
  readonly updatedAt: number
}

type NewSubject = Omit<SubjectRecord, 'createdAt' | 'updatedAt'>

/** `settings` and `metadata` are merged member by member; everything else is replaced. */
type SubjectChanges = Partial<
  Pick<SubjectRecord, 'alias' | 'organizationId' | 'blocked' | 'models' | 'metadata' | 'settings'>
>

/** A user's place in a team or an organization. */
export interface MembershipRecord {
  readonly kind: 'team' | 'organization'
  readonly groupId: string
  readonly userId: string
  readonly role: string
  readonly settings: Readonly<Record<string, unknown>>
  readonly createdAt: number
  readonly updatedAt: number
}

export interface SubjectQuery {
  /** First page is 1. */
  readonly page: number
  readonly size: number
  readonly ids?: readonly string[]
  readonly organizationId?: string
  /** A part of a user's address, in any case. */
  readonly email?: string
  readonly role?: string
  /** Users of this team. */
  readonly memberOf?: string
}

interface SubjectPage {
  readonly records: readonly SubjectRecord[]
  /** Matching subjects on all pages. */
  readonly total: number
}

/** Where subjects live. Rejects with `storage_unavailable` when the database is away, and `conflict` for a taken id. */
export interface SubjectStore {
  create(subject: NewSubject): Promise<SubjectRecord>
  find(kind: SubjectKind, id: string): Promise<SubjectRecord | null>
  /** Those that exist, in no order. */
  findMany(kind: SubjectKind, ids: readonly string[]): Promise<readonly SubjectRecord[]>
  findUserByEmail(email: string): Promise<SubjectRecord | null>
  /** Newest first. */
  list(kind: SubjectKind, query: SubjectQuery): Promise<SubjectPage>
  /** Whether there is any of this kind. */
  hasAny(kind: SubjectKind): Promise<boolean>
  update(kind: SubjectKind, id: string, changes: SubjectChanges): Promise<SubjectRecord | null>
  /** Lets all of a kind begin anew with their budgets, at a time in epoch milliseconds; their ids. */
  resetSpend(kind: SubjectKind, at: number): Promise<readonly string[]>
  /** Deletes what exists, with its memberships, and returns it. */
  delete(kind: SubjectKind, ids: readonly string[]): Promise<readonly SubjectRecord[]>
  /** Errors: `conflict` when the user is a member already. */
  addMember(member: Omit<MembershipRecord, 'createdAt' | 'updatedAt'>): Promise<MembershipRecord>
  updateMember(
    member: Pick<MembershipRecord, 'kind' | 'groupId' | 'userId'>,
    changes: Partial<Pick<MembershipRecord, 'role' | 'settings'>>,
  ): Promise<MembershipRecord | null>
  removeMember(member: Pick<MembershipRecord, 'kind' | 'groupId' | 'userId'>): Promise<boolean>
  membersOf(kind: MembershipRecord['kind'], groupIds: readonly string[]): Promise<readonly MembershipRecord[]>
  membershipsOf(kind: MembershipRecord['kind'], userId: string): Promise<readonly MembershipRecord[]>
}
