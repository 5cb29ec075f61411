import { GatewayError } from '@routeiq/contract'
import type { IntentReview } from '../checks/review-intent.ts'
import { judgeScan, type ScanPolicy, type ScanVerdict } from '../scan/judge-scan.ts'
import { scannerVersion, scanSkill } from '../scan/scan-skill.ts'
import type { Skill, SkillMetadata } from '../skill.ts'
import type {
  ScanSummary,
  SkillDraft,
  SkillStore,
  VersionDraft,
  VersionText,
  WrittenSkill,
} from '../skill-store.ts'
import { readAllowedTools } from '../validate/allowed-tools.ts'
import { composeSkillMd, editFrontmatter, splitSkillMd } from '../validate/frontmatter.ts'
import { directoryOf } from '../validate/skill-name.ts'
import {
  composeVersion,
  describeFile,
  type NewFile,
  type SkillText,
  type VersionFile,
} from './compose-version.ts'

/** A skill that is not there yet. */
export interface NewSkill {
  readonly name: string
  readonly description: string
  readonly text: SkillText
  readonly files: readonly NewFile[]
  readonly metadata: Partial<SkillMetadata>
  readonly evalYaml?: string
  readonly source: string
  readonly createdBy: string
  readonly author: string | null
  readonly changeSummary: string | null
}

/** What becomes of a skill; members that are absent stay as they are. */
export interface SkillRevision {
  readonly description?: string
  readonly body?: string
  /** A whole other `SKILL.md`, in the place of `body`. */
  readonly text?: SkillText
  readonly addFiles?: readonly NewFile[]
  readonly removePaths?: readonly string[]
  /** Keeps no file but those added. */
  readonly replaceFiles?: boolean
  readonly metadata?: Partial<SkillMetadata>
  readonly evalYaml?: string
  /** Makes a version even when nothing is different. */
  readonly isForced?: boolean
  readonly author: string | null
  readonly changeSummary: string | null
}

export interface SkillWriterOptions {
  readonly store: SkillStore
  readonly policy: () => ScanPolicy
  /** Epoch milliseconds. */
  readonly now: () => number
}

const unscanned: ScanSummary = {
  status: 'unscanned',
  isQuarantined: false,
  scannerVersion: null,
  result: null,
}

/** Makes versions of what callers send: composes the tree, scans it, weighs the findings, stores it. */
export class SkillWriter {
  readonly #options: SkillWriterOptions

  constructor(options: SkillWriterOptions) {
    this.#options = options
  }

  async create(workspaceId: string, skill: NewSkill): Promise<WrittenSkill> {
    return this.#store(workspaceId, await this.draft(workspaceId, skill))
  }

  async revise(workspaceId: string, skill: Skill, revision: SkillRevision): Promise<WrittenSkill> {
    return this.#store(workspaceId, await this.draftRevision(workspaceId, skill, revision))
  }

  /** Errors: 400 `safety_blocked` when the policy is to reject what is dangerous. */
  async draft(workspaceId: string, skill: NewSkill): Promise<SkillDraft> {
    const { text, files, ...rest } = skill
    const described = files.map(describeFile)
    const version = await this.#scan(workspaceId, skill, text, described)
    return { skillId: null, baseVersionId: null, ...rest, version }
  }

  async draftRevision(workspaceId: string, skill: Skill, revision: SkillRevision): Promise<SkillDraft> {
    const { store } = this.#options
    const { skillId, latest, name, source } = skill
    const current = await store.readVersion(workspaceId, skillId, { versionId: latest.versionId })
    if (current === null) throw new GatewayError('not_found', `The skill ${name} was not found.`)
    const description = revision.description ?? current.description
    const text = revision.text ?? reviseText(current.skillMd, directoryOf(name), revision)
    const added = (revision.addFiles ?? []).map(describeFile)
    const gone = new Set([...(revision.removePaths ?? []), ...added.map(({ path }) => path)])
    const staying = revision.replaceFiles === true ? [] : current.files.filter(({ path }) => !gone.has(path))
    const paths = staying.map(({ path }) => path)
    const contents = await store.readFiles(workspaceId, latest.versionId, paths)
    const kept = staying.map((file, index) => ({ ...file, content: contents[index] ?? new Uint8Array() }))
    const named = { name, description }
    const version = await this.#scan(workspaceId, named, text, [...kept, ...added])
    return {
      ...{ skillId, baseVersionId: latest.versionId, name, description, source },
      metadata: revision.metadata ?? {},
      ...(revision.evalYaml === undefined ? {} : { evalYaml: revision.evalYaml }),
      createdBy: null,
      author: revision.author,
      changeSummary: revision.changeSummary,
      isForced: revision.isForced === true,
      version,
    }
  }

  /**
   * Scans a stored version again and keeps the result, with what a model thought of it if it was asked; what the policy
   * would reject is quarantined.
   */
  async rescan(
    workspaceId: string,
    skillId: string,
    versionId: string,
    review: IntentReview | null = null,
  ): Promise<ScanSummary> {
    const { store } = this.#options
    const [skill, version] = await Promise.all([
      store.find(workspaceId, skillId),
      store.readVersion(workspaceId, skillId, { versionId }),
    ])
    if (skill === null || version === null) return unscanned
    const paths = version.files.map(({ path }) => path)
    const contents = await store.readFiles(workspaceId, versionId, paths)
    const files = version.files.map((file, index) => ({
      ...file,
      content: contents[index] ?? new Uint8Array(),
    }))
    const { skillMd, description, treeDigest } = version
    const { bodyStart, bodyEnd } = splitSkillMd(skillMd)
    const about = { name: skill.name, description, treeDigest }
    const verdict = await this.#judge(workspaceId, about, { skillMd, bodyStart, bodyEnd }, files)
    if (verdict === null) return unscanned
    const { isQuarantined } = verdict
    const changed = changeOf(version, verdict)
    const result = {
      ...verdict.result,
      ...(changed === null ? {} : { changed }),
      ...(review === null ? {} : { intent_review: review }),
    }
    const scan = { status: verdict.result.status, isQuarantined, scannerVersion, result }
    await store.saveScan(workspaceId, skillId, versionId, scan)
    return scan
  }

  async #store(workspaceId: string, draft: SkillDraft): Promise<WrittenSkill> {
    const [written] = await this.#options.store.write(workspaceId, [draft])
    if (written === undefined) throw new Error('The store returned nothing for a draft')
    return written
  }

  async #scan(
    workspaceId: string,
    { name, description }: { readonly name: string; readonly description: string },
    text: SkillText,
    files: readonly VersionFile[],
  ): Promise<VersionDraft> {
    const version = composeVersion(text, files)
    const verdict = await this.#judge(
      workspaceId,
      { name, description, treeDigest: version.treeDigest },
      text,
      files,
    )
    if (verdict === null) return { ...version, scan: unscanned }
    const { result, isQuarantined, isRejected } = verdict
    if (isRejected) {
      throw new GatewayError('safety_blocked', `The skill ${name} was refused. ${result.summary}`, {
        extras: { reason: 'safety_blocked', findings: result.findings, flags: Object.keys(result.checks) },
      })
    }
    return { ...version, scan: { status: result.status, isQuarantined, scannerVersion, result } }
  }

  /** Null when scanning is off. */
  async #judge(
    workspaceId: string,
    {
      name,
      description,
      treeDigest,
    }: { readonly name: string; readonly description: string; readonly treeDigest: string },
    text: SkillText,
    files: readonly VersionFile[],
  ): Promise<ScanVerdict | null> {
    const { store, policy, now } = this.#options
    if (policy().onBlock === 'off') return null
    const { skillMd, bodyStart, bodyEnd } = text
    const contents = files.map((file) => ({ ...file, content: file.content ?? new Uint8Array() }))
    const body = skillMd.slice(bodyStart, bodyEnd)
    const allowedTools = readAllowedTools(skillMd)
    const findings = scanSkill({ name, description, skillMd, body, allowedTools, files: contents })
    const exceptions = findings.length === 0 ? [] : await store.listScanExceptions(workspaceId, treeDigest)
    return judgeScan(findings, policy(), exceptions, now())
  }
}

/** What the scan said of the same files before, and when that changed; null while it never did. */
function changeOf({ scan, safetyStatus }: VersionText, { result }: ScanVerdict): unknown {
  const before = scan?.['changed'] ?? null
  if (safetyStatus === 'unscanned' || safetyStatus === result.status) return before
  return { from: safetyStatus, at: result.scanned_at }
}

/** The text with another body or description; the rest of the frontmatter stays as it was written. */
function reviseText(skillMd: string, name: string, { description, body }: SkillRevision): SkillText {
  const { frontmatter, bodyStart, bodyEnd } = splitSkillMd(skillMd)
  if (description === undefined && body === undefined) return { skillMd, bodyStart, bodyEnd }
  const newBody = (body ?? skillMd.slice(bodyStart, bodyEnd)).trim()
  if (frontmatter === null) return composeSkillMd({ name, description: description ?? '' }, newBody)
  const fields = description === undefined ? frontmatter : editFrontmatter(frontmatter, { description })
  const head = `---\n${fields}---\n\n`
  return { skillMd: `${head}${newBody}\n`, bodyStart: head.length, bodyEnd: head.length + newBody.length }
}
