import type { SkillStore, VersionSelector, VersionText } from '../skills/skill-store.ts'
import type { HotSkill } from './hot-skill.ts'

const maxCharacters = 32 * 1_048_576

/** A version as it was while the catalogue had this of its skill. */
interface Kept {
  readonly skill: HotSkill
  readonly version: VersionText
}

/**
 * The texts of versions: those read by id are kept in memory, the latest 32 M characters. A text never changes, but
 * whether it may be served does, so a version is read again once its skill has changed.
 */
export class SkillBodies {
  readonly #store: Pick<SkillStore, 'readVersion' | 'readFiles'>
  readonly #findHot: (workspaceId: string, skillId: string) => HotSkill | null
  readonly #kept = new Map<string, Kept>()
  #characters = 0

  /** `findHot`: the skill as the catalogue in memory has it, another object after each change; null where it has none. */
  constructor(
    store: Pick<SkillStore, 'readVersion' | 'readFiles'>,
    findHot: (workspaceId: string, skillId: string) => HotSkill | null,
  ) {
    this.#store = store
    this.#findHot = findHot
  }

  /** Null when there is no such version. Errors: those of the store. */
  async read(workspaceId: string, skillId: string, selector: VersionSelector): Promise<VersionText | null> {
    if (!('versionId' in selector)) return this.#store.readVersion(workspaceId, skillId, selector)
    const skill = this.#findHot(workspaceId, skillId)
    if (skill === null) return this.#store.readVersion(workspaceId, skillId, selector)
    const key = `${workspaceId}\n${skillId}\n${selector.versionId}`
    const kept = this.#kept.get(key)
    if (kept?.skill === skill) return kept.version
    const version = await this.#store.readVersion(workspaceId, skillId, selector)
    if (version !== null) this.#keep(key, { skill, version })
    return version
  }

  /** The bytes of files of a version, which are not kept. Errors: those of the store. */
  readFiles(
    workspaceId: string,
    versionId: string,
    paths: readonly string[],
  ): Promise<readonly (Uint8Array | null)[]> {
    return this.#store.readFiles(workspaceId, versionId, paths)
  }

  #keep(key: string, kept: Kept): void {
    this.#drop(key)
    this.#kept.set(key, kept)
    this.#characters += kept.version.skillMd.length
    for (const oldest of this.#kept.keys()) {
      if (this.#characters <= maxCharacters) return
      this.#drop(oldest)
    }
  }

  #drop(key: string): void {
    this.#characters -= this.#kept.get(key)?.version.skillMd.length ?? 0
    this.#kept.delete(key)
  }
}
