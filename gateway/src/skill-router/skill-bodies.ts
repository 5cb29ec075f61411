import type { SkillStore, VersionSelector, VersionText } from '../skills/skill-store.ts'

const maxCharacters = 32 * 1_048_576

/** The texts of versions. Versions never change, so those read by id are kept in memory, the latest 32 M characters. */
export class SkillBodies {
  readonly #store: Pick<SkillStore, 'readVersion' | 'readFiles'>
  readonly #kept = new Map<string, VersionText>()
  #characters = 0

  constructor(store: Pick<SkillStore, 'readVersion' | 'readFiles'>) {
    this.#store = store
  }

  /** Null when there is no such version. Errors: those of the store. */
  async read(workspaceId: string, skillId: string, selector: VersionSelector): Promise<VersionText | null> {
    const key = 'versionId' in selector ? `${workspaceId}\n${skillId}\n${selector.versionId}` : null
    const kept = key === null ? undefined : this.#kept.get(key)
    if (kept !== undefined) return kept
    const version = await this.#store.readVersion(workspaceId, skillId, selector)
    if (key !== null && version !== null) this.#keep(key, version)
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

  #keep(key: string, version: VersionText): void {
    this.#kept.set(key, version)
    this.#characters += version.skillMd.length
    for (const [oldest, { skillMd }] of this.#kept) {
      if (this.#characters <= maxCharacters) return
      this.#kept.delete(oldest)
      this.#characters -= skillMd.length
    }
  }
}
