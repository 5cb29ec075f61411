import type { SafetyStatus } from './skill.ts'

/** Everything the hot path needs of one workspace: what may be offered now. */
export interface Catalogue {
  readonly workspaceId: string
  /** Rises with every change of the workspace. */
  readonly epoch: number
  /** Eligible skills only, sorted by name; a name occurs once. */
  readonly skills: readonly CatalogueSkill[]
}

/** What is different from an earlier epoch. */
export interface CatalogueChanges {
  readonly workspaceId: string
  readonly epoch: number
  /** New and changed ones. */
  readonly changed: readonly CatalogueSkill[]
  /** Ids of those that are no longer eligible. */
  readonly removed: readonly string[]
}

export interface CatalogueSkill {
  readonly skillId: string
  readonly name: string
  readonly urlSlug: string
  readonly displayName: string | null
  readonly description: string
  readonly category: string | null
  readonly tags: readonly string[]
  readonly triggerPhrases: readonly string[]
  /** `restricted` ones are for assigned agents alone. */
  readonly offerScope: 'workspace' | 'restricted'
  /** The version served when nobody pinned another. */
  readonly versionId: string
  readonly versionNumber: number
  readonly contentHash: string
  /** Trimmed; what `contentHash` names. */
  readonly body: string
  readonly attachments: readonly CatalogueAttachment[]
  readonly assignedAgents: readonly string[]
  readonly pins: readonly CataloguePin[]
  readonly safetyStatus: SafetyStatus
}

/** A version an agent is held to, or the whole workspace. */
export interface CataloguePin {
  /** Null for the whole workspace. */
  readonly agent: string | null
  readonly versionId: string
  readonly versionNumber: number
  readonly contentHash: string
}

export interface CatalogueAttachment {
  readonly filePath: string
  /** First segment of the path, empty for files beside `SKILL.md`. */
  readonly directory: string
  readonly contentType: string
  readonly sizeBytes: number
  /** Text files of at most 16 KiB. */
  readonly contentText?: string
}

/** A part of a catalogue, by name. */
export interface CataloguePage {
  /** That of the workspace before the page was read. */
  readonly epoch: number
  readonly skills: readonly CatalogueSkill[]
  /** The name to go on after; null at the end. */
  readonly next: string | null
}
