import type { SafetyStatus, SkillFile } from '../skill.ts'
import type { Standing } from './standing.ts'

/** A public skill. Times are epoch milliseconds. */
export interface RegistryEntry {
  readonly skillId: string
  /** Whose it is. */
  readonly workspaceId: string
  readonly name: string
  readonly urlSlug: string
  readonly displayName: string | null
  readonly description: string
  readonly category: string
  readonly tags: readonly string[]
  readonly badge: string
  readonly authorDisplayName: string | null
  readonly source: string
  readonly publishedAt: number
  /** The newest version that is safe. */
  readonly versionId: string
  readonly versionNumber: number
  readonly contentHash: string
  readonly safetyStatus: SafetyStatus
  readonly standing: Standing
}

/** What the page of one skill shows beside its entry. */
export interface RegistryDetail extends RegistryEntry {
  readonly body: string
  readonly skillMd: string
  readonly files: readonly SkillFile[]
  readonly evalYaml: string | null
  /** The stored result of the scan. */
  readonly scan: Readonly<Record<string, unknown>> | null
}

export const registrySorts = [
  'effectiveness',
  'recommended',
  'popular',
  'rating',
  'recent',
  'biggest_improvement',
  'efficiency',
  'top_rated',
  'lift',
] as const
export type RegistrySort = (typeof registrySorts)[number]

export interface RegistryQuery {
  /** Words that must all occur in name, title, description, category or tags; empty for everything. */
  readonly text: string
  readonly exactName: string | null
  readonly category: string | null
  readonly tags: readonly string[]
  readonly badge: string | null
  /** Leaves out skills without a score. */
  readonly measuredOnly: boolean
  readonly sort: RegistrySort
  readonly limit: number
  readonly after: RegistryPosition | null
}

/** Where a page ended: the value sorted by, and the name. */
export interface RegistryPosition {
  readonly value: number
  readonly name: string
}

export interface RegistryPage {
  readonly entries: readonly RegistryEntry[]
  readonly next: RegistryPosition | null
  /** Matches on all pages. */
  readonly total: number
}

/** What is served of a public skill. */
export interface ServedPublication {
  readonly workspaceId: string
  readonly skillId: string
  readonly versionId: string
  readonly name: string
  readonly description: string
}

export interface Publication {
  readonly category: string
  readonly tags: readonly string[]
  readonly authorDisplayName: string | null
}

/** A live use of a public skill by another workspace. */
export interface SkillLink {
  readonly id: string
  readonly skillId: string
  readonly name: string
  readonly scope: 'workspace' | 'agent'
  readonly agents: readonly string[]
  /** Null follows the newest safe version. */
  readonly pinnedVersionId: string | null
  /** An own skill of the same name is served in its place. */
  readonly isShadowed: boolean
}

export interface NewLink {
  readonly scope: 'workspace' | 'agent'
  readonly agents: readonly string[]
  readonly pinnedVersionId: string | null
  readonly createdBy: string | null
}

/** A copy of a public skill and what it was made from. */
export interface Fork {
  readonly upstreamSkillId: string
  readonly upstreamVersionId: string
  readonly copyId: string
}

/**
 * Public skills and how workspaces relate to them. Every method rejects with `storage_unavailable` when the database
 * does not answer.
 */
export interface RegistryStore {
  /** Errors: `conflict` when another public skill has the name or slug. False when the workspace has no such skill. */
  publish(workspaceId: string, skillId: string, publication: Publication): Promise<boolean>
  /** The number of copies that no longer know their origin; null when it is not public. */
  unpublish(workspaceId: string, skillId: string): Promise<number | null>
  /** By UUID, name or slug; exactly. */
  find(reference: string): Promise<RegistryDetail | null>
  /** The whole `SKILL.md` of one version of a public skill, unless it is unsafe. */
  readVersion(skillId: string, versionNumber: number): Promise<string | null>
  /** The id of a safe version of a public skill, by number or id. */
  findVersion(skillId: string, version: string): Promise<string | null>
  readFile(skillId: string, path: string): Promise<Uint8Array | null>
  search(query: RegistryQuery): Promise<RegistryPage>
  /** Every public skill and the version it serves, by name. */
  listServed(): Promise<readonly ServedPublication[]>
  /** The names under which a workspace has these skills: as owner, by a copy or by a link. */
  installedAs(workspaceId: string, skillIds: readonly string[]): Promise<ReadonlyMap<string, string>>

  /** Makes or changes the link. Errors: `conflict` when another link of the workspace has the name. */
  use(workspaceId: string, skillId: string, link: NewLink): Promise<SkillLink>
  /** Whether there was one. */
  stopUsing(workspaceId: string, skillId: string): Promise<boolean>
  /** Chooses anew what links of these owners' skills serve; null looks at all. Returns the links that changed. */
  followSources(ownerId: string | null): Promise<readonly FollowedLink[]>

  /** Claims the one copy a workspace may have. Errors: `conflict` with the name of the copy it has. */
  beginFork(workspaceId: string, upstream: { skillId: string; versionId: string }): Promise<void>
  finishFork(workspaceId: string, upstreamSkillId: string, copyId: string | null): Promise<void>
  findFork(workspaceId: string, copyId: string): Promise<Fork | null>
  moveFork(workspaceId: string, copyId: string, upstreamVersionId: string): Promise<void>

  /** By day, of the workspaces that share their evidence; null while they are too few to be told of. */
  readActivations(skillId: string, windowDays: number): Promise<readonly ActivationDay[] | null>

  /** Computes anew what a public skill is compared by; null does so for all. */
  refreshStanding(skillId: string | null): Promise<void>
  /** Whether what the workspace learns about public skills counts for everybody. */
  shareEvidence(workspaceId: string, isShared: boolean): Promise<void>
  rate(workspaceId: string, skillId: string, rating: number): Promise<void>
}

/** How a public skill was used on one day. */
export interface ActivationDay {
  /** UTC, `YYYY-MM-DD`. */
  readonly day: string
  readonly activations: number
  /** Decisions that offered it, and those of them after which it was used. */
  readonly decisions: number
  readonly decisionsActivated: number
  readonly workspaces: number
}

/** A link whose source has changed. */
export interface FollowedLink {
  readonly workspaceId: string
  readonly skillId: string
  readonly name: string
  /** It served something before, and nothing now. */
  readonly isLost: boolean
}
