import type { RegistryStore, ServedPublication } from '../registry/registry-store.ts'
import type { SkillStore } from '../skill-store.ts'
import { sortByPath } from '../tree-digest.ts'
import { isStrictName } from '../validate/skill-name.ts'
import { collapse } from './describe-skill.ts'
import {
  isPrivatePath,
  type OmittedSkill,
  type PublishedFile,
  type PublishedSkill,
  type SkillListing,
  type SkillSource,
} from './published-skill.ts'

/** The public skills of the registry, in the versions they serve; what the scan blocked is not among them. */
export class PublicSkills implements SkillSource {
  readonly #registry: Pick<RegistryStore, 'listServed'>
  readonly #store: Pick<SkillStore, 'readVersion' | 'readFiles'>
  #known = new Map<string, PublishedSkill>()
  #listing: SkillListing = { skills: [], omitted: [] }
  #stamp: string | null = null

  constructor(
    registry: Pick<RegistryStore, 'listServed'>,
    store: Pick<SkillStore, 'readVersion' | 'readFiles'>,
  ) {
    this.#registry = registry
    this.#store = store
  }

  async list(): Promise<SkillListing> {
    const served = await this.#registry.listServed()
    const stamp = served
      .map(({ name, versionId, description }) => `${name} ${versionId} ${description}`)
      .join('\n')
    if (stamp !== this.#stamp) await this.#describe(served)
    this.#stamp = stamp
    return this.#listing
  }

  async #describe(served: readonly ServedPublication[]): Promise<void> {
    const skills: PublishedSkill[] = []
    const omitted: OmittedSkill[] = []
    for (const publication of served) {
      const { name, versionId, description } = publication
      const known = this.#known.get(name)
      const skill =
        known?.stamp === versionId && known.description === collapse(description)
          ? known
          : await this.#read(publication)
      if (skill !== null && isStrictName(name)) skills.push(skill)
      else if (skill !== null)
        omitted.push({
          name,
          source: 'store',
          reason: 'its name has more than letters a-z, digits and hyphens',
        })
    }
    this.#known = new Map(skills.map((skill) => [skill.name, skill]))
    this.#listing = { skills, omitted }
  }

  /** Null when the version was taken back meanwhile. */
  async #read(publication: ServedPublication): Promise<PublishedSkill | null> {
    const { workspaceId, skillId, versionId, name, description } = publication
    const version = await this.#store.readVersion(workspaceId, skillId, { versionId })
    if (version === null) return null
    const own: PublishedFile = {
      path: 'SKILL.md',
      sizeBytes: Buffer.byteLength(version.skillMd),
      isExecutable: false,
      stamp: versionId,
      open: async () => {
        const read = await this.#store.readVersion(workspaceId, skillId, { versionId })
        return read === null ? null : inOnePiece(Buffer.from(read.skillMd))
      },
    }
    const others = version.files
      .filter(({ path }) => !isPrivatePath(path))
      .map(({ path, digest, sizeBytes, isExecutable }) => ({
        ...{ path, sizeBytes, isExecutable, stamp: digest },
        open: async () => {
          const [bytes] = await this.#store.readFiles(workspaceId, versionId, [path])
          return bytes === null || bytes === undefined ? null : inOnePiece(bytes)
        },
      }))
    const files = sortByPath([own, ...others])
    return { name, description: collapse(description), files, stamp: versionId, versionId }
  }
}

async function* inOnePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
