import type {
  OmittedSkill,
  PublishedFile,
  PublishedSkill,
  SkillListing,
  SkillSource,
} from './published-skill.ts'

/** Everything that is published at one moment. */
export interface PublishedSnapshot {
  /** Sorted by name; a name occurs once. */
  readonly skills: readonly PublishedSkill[]
  readonly names: ReadonlySet<string>
  /** By `skill/path`. */
  readonly files: ReadonlyMap<string, PublishedFile>
  readonly omitted: readonly OmittedSkill[]
}

export interface PublishedSkillsOptions {
  /** The first that has a name keeps it. */
  readonly sources: () => readonly SkillSource[]
  /** Told of each skill that is left out, once. */
  readonly onOmitted: (skill: OmittedSkill) => void
  /** Told when a source cannot be read; what it had stays. */
  readonly onError: (error: unknown) => void
  /** Monotonic milliseconds. */
  readonly now: () => number
}

const checkEveryMs = 5_000
const nothing: SkillListing = { skills: [], omitted: [] }

/** What is published, looked at again at most every five seconds and only when somebody asks. */
export class PublishedSkills {
  readonly #options: PublishedSkillsOptions
  readonly #listings = new Map<SkillSource, SkillListing>()
  #snapshot: PublishedSnapshot = { skills: [], names: new Set(), files: new Map(), omitted: [] }
  #checkedAt = Number.NEGATIVE_INFINITY
  #refreshing: Promise<PublishedSnapshot> | null = null

  constructor(options: PublishedSkillsOptions) {
    this.#options = options
  }

  /** At most five seconds old; at once unless it has to be looked at. */
  read(): PublishedSnapshot | Promise<PublishedSnapshot> {
    return this.#options.now() - this.#checkedAt < checkEveryMs ? this.#snapshot : this.refresh()
  }

  /** Looks now; who asks meanwhile waits for the same look. */
  refresh(): Promise<PublishedSnapshot> {
    this.#refreshing ??= this.#look().finally(() => {
      this.#refreshing = null
    })
    return this.#refreshing
  }

  async #look(): Promise<PublishedSnapshot> {
    const { sources, now } = this.#options
    const given = sources()
    const isChanged = (await Promise.all(given.map((source) => this.#update(source)))).includes(true)
    const gone = [...this.#listings.keys()].filter((source) => !given.includes(source))
    for (const source of gone) this.#listings.delete(source)
    if (isChanged || gone.length > 0) this.#combine(given)
    this.#checkedAt = now()
    return this.#snapshot
  }

  /** Whether the source has something else than before. */
  async #update(source: SkillSource): Promise<boolean> {
    try {
      const listing = await source.list()
      if (this.#listings.get(source) === listing) return false
      this.#listings.set(source, listing)
      return true
    } catch (error) {
      this.#options.onError(error)
      return false
    }
  }

  #combine(sources: readonly SkillSource[]): void {
    const byName = new Map<string, PublishedSkill>()
    const omitted: OmittedSkill[] = []
    for (const source of sources) {
      const listing = this.#listings.get(source) ?? nothing
      omitted.push(...listing.omitted)
      for (const skill of listing.skills) {
        if (!byName.has(skill.name)) byName.set(skill.name, skill)
        else
          omitted.push({ name: skill.name, source: 'store', reason: 'the folder has a skill of this name' })
      }
    }
    this.#report(omitted)
    const skills = [...byName.values()].sort((one, other) => (one.name < other.name ? -1 : 1))
    this.#snapshot = {
      skills,
      names: new Set(byName.keys()),
      files: new Map(
        skills.flatMap(({ name, files }) => files.map((file) => [`${name}/${file.path}`, file])),
      ),
      omitted,
    }
  }

  #report(omitted: readonly OmittedSkill[]): void {
    const keyOf = ({ name, reason }: OmittedSkill): string => `${name}\n${reason}`
    const known = new Set(this.#snapshot.omitted.map(keyOf))
    for (const skill of omitted) if (!known.has(keyOf(skill))) this.#options.onOmitted(skill)
  }
}
