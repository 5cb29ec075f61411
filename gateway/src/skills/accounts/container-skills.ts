import { GatewayError } from '@routeiq/contract'
import type { Deployment } from '../../deployments/deployment.ts'
import type { ContainerSource, NativeAccount, OwnSkill } from '../../pipeline/skills/container-source.ts'
import { RefusedArchive } from '../archive/file-tree.ts'
import { readZip } from '../archive/read-zip.ts'
import type { SkillStore, VersionSelector, VersionText } from '../skill-store.ts'
import { validateUpload } from '../upload/validate-upload.ts'
import { directoryOf } from '../validate/skill-name.ts'
import { readSkillReference, readVersionReference, spellId } from '../wires/skill-ids.ts'
import { zipVersion } from '../wires/wire-actions.ts'
import type { CopiedFile } from './account-calls.ts'
import type { CopiedSkill, ProviderCopies } from './provider-copies.ts'
import { accountOf } from './skill-account.ts'

/** What memory says of a skill that is served. */
export interface ServedSkill {
  readonly skillId: string
  readonly versionId: string
  readonly name: string
}

export interface ContainerSkillsDependencies {
  readonly store: Pick<SkillStore, 'find' | 'readFiles'>
  /** A skill as it is served to an agent, if it is in memory. */
  readonly findServed: (
    workspaceId: string,
    agentName: string | null,
    reference: string,
  ) => ServedSkill | null
  /** A version with its text, from memory where it can. */
  readonly readVersion: (
    workspaceId: string,
    skillId: string,
    selector: VersionSelector,
  ) => Promise<VersionText | null>
  readonly copies: ProviderCopies
  /** What fingerprints of accounts are keyed with. */
  readonly secret: Buffer
}

/** Zips kept in memory, and the base64 characters of the largest. */
const mostPacked = 32
const largestPacked = 1_048_576

/** The store's skills for containers, and their copies in accounts. */
export class ContainerSkills implements ContainerSource {
  readonly #deps: ContainerSkillsDependencies
  /** By tree digest: the bytes depend on nothing else but the name, which is in it. */
  readonly #packed = new Map<string, string>()

  constructor(deps: ContainerSkillsDependencies) {
    this.#deps = deps
  }

  async find(
    workspaceId: string,
    agentName: string | null,
    reference: string,
    version: string | null,
  ): Promise<OwnSkill | null> {
    const served =
      this.#deps.findServed(workspaceId, agentName, readSkillReference(reference)) ??
      (await this.#findInStore(workspaceId, reference))
    if (served === null) return null
    const isNewest = version === null || version === 'latest'
    const selector = isNewest ? { versionId: served.versionId } : readVersionReference(version)
    const found =
      selector === null ? null : await this.#deps.readVersion(workspaceId, served.skillId, selector)
    if (found === null || found.isQuarantined || found.safetyStatus === 'blocked')
      throw new GatewayError(
        'skill_not_found',
        `The skill ${reference} has no version ${version ?? 'latest'}.`,
        { param: 'skills' },
      )
    return {
      ...{ skillId: served.skillId, name: served.name, versionId: found.versionId },
      description: found.description,
      treeDigest: found.treeDigest,
      version: isNewest ? spellId('skver', found.versionId) : version,
      bodyLength: found.body.length,
    }
  }

  async pack(workspaceId: string, { skillId, versionId, name, treeDigest }: OwnSkill): Promise<string> {
    const kept = this.#packed.get(treeDigest)
    if (kept !== undefined) return kept
    const { store, readVersion } = this.#deps
    const version = await readVersion(workspaceId, skillId, { versionId })
    if (version === null) throw new GatewayError('skill_not_found', `There is no skill ${name} any more.`)
    const packed = (await zipVersion(store, workspaceId, { name }, version)).toString('base64')
    const [oldest] = this.#packed.keys()
    if (this.#packed.size >= mostPacked && oldest !== undefined) this.#packed.delete(oldest)
    if (packed.length <= largestPacked) this.#packed.set(treeDigest, packed)
    return packed
  }

  readInline(name: string, data: string): string {
    const refuse = (reason: string): GatewayError =>
      new GatewayError('invalid_request', `The inline skill ${name} cannot be read: ${reason}.`, {
        param: 'tools',
      })
    try {
      const { skill, errors } = validateUpload(readZip(Buffer.from(data, 'base64')).files, false)
      if (skill === null) throw refuse(errors[0]?.message ?? 'it is no skill')
      return `## Skill: ${skill.name}\n\n${skill.skillText.slice(skill.bodyStart, skill.bodyEnd)}`
    } catch (error) {
      throw error instanceof RefusedArchive ? refuse(error.message) : error
    }
  }

  openAccount(deployment: Deployment, headers: readonly string[]): NativeAccount | null {
    const { copies, secret } = this.#deps
    const account = accountOf(deployment, secret, headers)
    if (account?.vendor !== 'anthropic') return null
    return {
      provide: async (workspaceId, skills) => {
        const made = skills.map((skill) => copies.provide(account, this.#copied(workspaceId, skill)))
        return (await Promise.all(made)).map(({ providerSkillId }) => providerSkillId)
      },
      isCopy: (id) => copies.isCopy(account.fingerprint, id),
      forget: async (ids) => {
        for (const id of ids) await copies.forget(account.fingerprint, id)
      },
    }
  }

  /** Memory hears of changes a moment later, and keeps only what may be offered to everybody or to this agent. */
  async #findInStore(workspaceId: string, reference: string): Promise<ServedSkill | null> {
    const skill = await this.#deps.store.find(workspaceId, readSkillReference(reference))
    if (skill === null || skill.served === null || skill.offerScope === 'restricted' || !skill.isActive)
      return null
    return { skillId: skill.skillId, versionId: skill.served.versionId, name: skill.name }
  }

  #copied(workspaceId: string, { skillId, versionId, name, treeDigest }: OwnSkill): CopiedSkill {
    return {
      directory: directoryOf(name),
      treeDigest,
      readFiles: () => this.#readFiles(workspaceId, skillId, versionId),
    }
  }

  async #readFiles(workspaceId: string, skillId: string, versionId: string): Promise<readonly CopiedFile[]> {
    const version = await this.#deps.readVersion(workspaceId, skillId, { versionId })
    if (version === null) return []
    const paths = version.files.map(({ path }) => path)
    const contents = await this.#deps.store.readFiles(workspaceId, versionId, paths)
    return [
      { path: 'SKILL.md', content: Buffer.from(version.skillMd) },
      ...paths.map((path, at) => ({ path, content: contents[at] ?? new Uint8Array() })),
    ]
  }
}
