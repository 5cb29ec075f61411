import type { QuotaLimit } from '../quotas/quota.ts'
import type { CatalogueChanges, CataloguePage, CatalogueSkill } from './catalogue.ts'
import type { ScanException } from './scan/judge-scan.ts'
import type { Skill, SkillFile, SkillMetadata, SkillVersion } from './skill.ts'

/**
 * Where skills are kept. Every method works inside one workspace, and what belongs to another is not found. Rejects
 * with GatewayError `storage_unavailable` when the database does not answer. A write raises the workspace's epoch in
 * its own transaction and is announced to every replica. Arguments and results can be cloned, since workers reach the
 * store over IPC.
 */
export interface SkillStore {
  /** By UUID, name or slug, in this order. */
  find(workspaceId: string, reference: string): Promise<Skill | null>
  list(workspaceId: string, query: SkillQuery): Promise<SkillPage>
  /** Every skill's served name and hash. */
  listHashes(workspaceId: string): Promise<readonly SkillHash[]>
  /** Newest first, quarantined ones included. */
  listVersions(workspaceId: string, skillId: string): Promise<readonly SkillVersion[]>
  /** The highest number of each text these skills have had. */
  listVersionNumbers(workspaceId: string, skillIds: readonly string[]): Promise<readonly VersionNumber[]>
  /** A version of this skill with its text; null when there is none. */
  readVersion(workspaceId: string, skillId: string, selector: VersionSelector): Promise<VersionText | null>
  /** The skill a version belongs to, whoever's it is: what may be done with it, is decided by reading that. */
  findSkillOfVersion(versionId: string): Promise<string | null>
  /** The bytes of files of a version, in the order of the paths; null for a path it does not have. */
  readFiles(
    workspaceId: string,
    versionId: string,
    paths: readonly string[],
  ): Promise<readonly (Uint8Array | null)[]>

  /**
   * Writes skills and versions in one transaction, all or none of them. Results are in the order of the drafts.
   * Errors: `conflict` when a name is taken, or when a draft builds on a version that is no longer the newest;
   * `quota_exceeded` when the workspace would have more skills than its limit.
   */
  write(
    workspaceId: string,
    drafts: readonly SkillDraft[],
    limit?: QuotaLimit | null,
  ): Promise<readonly WrittenSkill[]>
  /** Takes a version away for good; the one that is served is chosen anew. Whether there was one. */
  deleteVersion(workspaceId: string, skillId: string, versionId: string): Promise<boolean>
  /** Changes what needs no new version. Null when there is no such skill. */
  updateMetadata(workspaceId: string, skillId: string, changes: MetadataChanges): Promise<Skill | null>
  /** Whether there was one to delete. Its versions stay for what was recorded about them. */
  delete(workspaceId: string, skillId: string): Promise<boolean>

  listScanExceptions(workspaceId: string, treeDigest: string): Promise<readonly ScanException[]>
  saveScanException(workspaceId: string, treeDigest: string, exception: ScanException): Promise<void>
  /** Puts another scan in the place of a version's; what is served is chosen anew when that changes anything. */
  saveScan(workspaceId: string, skillId: string, versionId: string, scan: ScanSummary): Promise<void>
  /** Versions of any workspace that this scanner has not looked at. */
  listOutdatedScans(scannerVersion: string, limit: number): Promise<readonly VersionAddress[]>

  /** What an installation had when it last synced: content hashes by name. */
  listBaselines(workspaceId: string, installId: string): Promise<readonly Baseline[]>
  saveBaselines(
    workspaceId: string,
    install: { readonly installId: string; readonly label: string | null },
    baselines: readonly Baseline[],
  ): Promise<void>

  /** One page of what is eligible. Pages of a catalogue that changes meanwhile are made whole by `changesSince` the first. */
  readCatalogue(workspaceId: string, after: string | null): Promise<CataloguePage>
  /** Of these skills the eligible ones, in any order. */
  readCatalogueSkills(workspaceId: string, skillIds: readonly string[]): Promise<readonly CatalogueSkill[]>
  /** Eligible skills for the words of a request, the best first; for none of them by name. */
  findCandidates(workspaceId: string, request: string, limit: number): Promise<readonly CatalogueSkill[]>
  changesSince(workspaceId: string, epoch: number): Promise<CatalogueChanges>
  /** In the order of the workspaces; 0 for one that was never written to. */
  epochsOf(workspaceIds: readonly string[]): Promise<readonly number[]>
}

export interface SkillQuery {
  readonly category?: string
  readonly stability?: string
  /** Part of name or description, whatever the case. */
  readonly text?: string
  readonly names?: readonly string[]
  /** `served` leaves out skills without a version that may be served. */
  readonly safety?: 'served' | 'quarantined' | 'all'
  /** By name unless another order is given. */
  readonly order?: 'name' | 'oldest' | 'newest'
  readonly limit: number
  /** The name the page before ended with. */
  readonly after: string | null
  /** The name the page behind begins with; the page is the last in front of it. */
  readonly before?: string | null
}

export interface VersionAddress {
  readonly workspaceId: string
  readonly skillId: string
  readonly versionId: string
}

export interface Baseline {
  readonly name: string
  readonly contentHash: string
}

export interface SkillHash {
  readonly name: string
  readonly contentHash: string
  readonly versionNumber: number
}

export interface VersionNumber {
  readonly skillId: string
  readonly contentHash: string
  readonly versionNumber: number
}

export interface SkillPage {
  readonly skills: readonly Skill[]
  /** Whether there are more in the direction that was asked for. */
  readonly hasMore: boolean
}

export type VersionSelector =
  | { readonly versionNumber: number }
  | { readonly versionId: string }
  | { readonly createdAtMicros: number }
  /** The newest with this body. */
  | { readonly contentHash: string }
  /** The newest with these files. */
  | { readonly treeDigest: string }

export interface VersionText extends SkillVersion {
  /** The whole `SKILL.md`. */
  readonly skillMd: string
  readonly body: string
  /** Without `SKILL.md`, sorted by path. */
  readonly files: readonly SkillFile[]
  /** The stored result of the scan. */
  readonly scan: Readonly<Record<string, unknown>> | null
}

/** A new skill, or a new version of one. */
export interface SkillDraft {
  /** Null for a new skill. */
  readonly skillId: string | null
  /** The newest version this was made from; null for a new skill. */
  readonly baseVersionId: string | null
  readonly name: string
  readonly description: string
  readonly metadata: Partial<SkillMetadata>
  /** Test cases as they were given; undefined leaves them as they are. */
  readonly evalYaml?: string
  readonly source: string
  /** Who makes a new skill, as `creatorOf` tells it; means nothing for a new version. */
  readonly createdBy: string | null
  /** Who is named for the version, which clients may choose. */
  readonly author: string | null
  readonly changeSummary: string | null
  /** Makes a version even of files that the newest one has. */
  readonly isForced?: boolean
  readonly version: VersionDraft
}

export interface VersionDraft {
  readonly treeDigest: string
  readonly contentHash: string
  readonly skillMd: string
  /** Where the trimmed body stands in `skillMd`, in UTF-16 units. */
  readonly bodyStart: number
  readonly bodyEnd: number
  readonly files: readonly (SkillFile & {
    /** Null for bytes the store has already. */
    readonly content: Uint8Array | null
  })[]
  readonly scan: ScanSummary
}

/** What the store keeps of a scan. */
export interface ScanSummary {
  readonly status: 'clean' | 'flagged' | 'blocked' | 'unscanned'
  readonly isQuarantined: boolean
  readonly scannerVersion: string | null
  /** The whole result, as JSON. */
  readonly result: object | null
}

export interface WrittenSkill {
  readonly skillId: string
  readonly version: SkillVersion
  /** False when the newest version had the same tree already, and nothing was written. */
  readonly isNewVersion: boolean
}

export type MetadataChanges = Partial<SkillMetadata> & {
  readonly visibility?: Skill['visibility']
  readonly defaultVersionId?: string | null
}
