/** How far a skill may be trusted, from its last scan. `blocked` is never served. */
export type SafetyStatus = 'clean' | 'flagged' | 'blocked' | 'unscanned'

/** Who is offered a skill: everybody in its workspace, or agents it is assigned to. */
type OfferScope = 'workspace' | 'restricted'

/** What people may change about a skill without a new version. */
export interface SkillMetadata {
  readonly displayName: string | null
  readonly category: string | null
  readonly tags: readonly string[]
  readonly triggerPhrases: readonly string[]
  readonly stability: string
  readonly skillType: string | null
  readonly skillScope: string | null
  readonly invocation: string | null
  readonly isActive: boolean
  readonly offerScope: OfferScope
}

/** One skill of a workspace. Times are epoch milliseconds. */
export interface Skill extends SkillMetadata {
  readonly skillId: string
  readonly workspaceId: string
  /** Never changes; may hold one `/` (`owner/skill`). */
  readonly name: string
  /** Without slash, unique in the workspace. */
  readonly urlSlug: string
  readonly description: string
  readonly visibility: 'private' | 'workspace' | 'public'
  readonly source: string
  /** Another workspace's, used from the registry; it cannot be changed here. */
  readonly isLinked: boolean
  /** The authenticated principal that made it, never what a client wrote: `user:…` or `key:…`. */
  readonly createdBy: string | null
  readonly evalYaml: string | null
  /** The newest version, whether or not it may be served. */
  readonly latest: SkillVersion
  /** What is served: the default version when one is set, else the newest; older ones stand in for a blocked one. */
  readonly served: SkillVersion | null
  /** The version its owner pinned for everybody; null follows the newest. */
  readonly defaultVersionId: string | null
  readonly createdAt: number
  readonly updatedAt: number
}

/** One immutable state of a skill's text and files. */
export interface SkillVersion {
  readonly versionId: string
  /** 1 for the first. */
  readonly versionNumber: number
  /** SHA-256 hex over the sorted lines of all files. */
  readonly treeDigest: string
  /** SHA-256 hex of the trimmed body. */
  readonly contentHash: string
  readonly description: string
  readonly changeSummary: string | null
  readonly author: string | null
  /** Epoch microseconds; the version id of one wire. */
  readonly createdAtMicros: number
  readonly safetyStatus: SafetyStatus
  /** Quarantined versions are stored and never served. */
  readonly isQuarantined: boolean
}

/** A file beside `SKILL.md`. */
export interface SkillFile {
  /** Below the skill's directory, `/`-separated. */
  readonly path: string
  /** SHA-256 hex of the bytes. */
  readonly digest: string
  readonly sizeBytes: number
  readonly contentType: string
  /** Valid UTF-8 without NUL. */
  readonly isText: boolean
  readonly isExecutable: boolean
}
