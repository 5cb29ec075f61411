import type { JsonRecord } from '../../conversation/json-value.ts'
import type { SkillTurn } from '../../injection/skill-turn.ts'
import type { OwnSkill } from './container-source.ts'
import { ListedSkills } from './listed-skills.ts'
import type { WantedSkill } from './read-container.ts'

/** An entry of a container; `own` is null for what is the vendor's. */
export interface ContainerEntry {
  readonly wanted: WantedSkill
  readonly own: OwnSkill | null
}

/** What a container says in the stead of one the vendor runs. */
const idPrefix = 'container_riq_'
const lifetimeMs = 3_600_000

/** The skills a request wants in a container, whichever model answers. */
export class RequestContainer {
  readonly workspaceId: string
  readonly entries: readonly ContainerEntry[]
  readonly listed: ListedSkills
  readonly #members: JsonRecord

  /** `beginAsWished` gives the skills the request gets beside those in the container. */
  constructor(
    workspaceId: string,
    entries: readonly ContainerEntry[],
    members: JsonRecord,
    beginAsWished: () => Promise<SkillTurn | null>,
  ) {
    this.workspaceId = workspaceId
    this.entries = entries
    this.listed = new ListedSkills(
      entries.flatMap(({ own }) => own ?? []),
      beginAsWished,
    )
    this.#members = members
  }

  get own(): readonly OwnSkill[] {
    return this.listed.own
  }

  get foreign(): readonly WantedSkill[] {
    return this.entries.flatMap(({ own, wanted }) => (own === null ? wanted : []))
  }

  get isMixed(): boolean {
    return this.own.length > 0 && this.foreign.length > 0
  }

  /** The member for the vendor: its own entries as they came, ours by the ids of their copies. */
  formatNative(copies: ReadonlyMap<OwnSkill, string>): JsonRecord | undefined {
    const { id, ...members } = this.#members
    const skills = this.entries.flatMap(({ wanted, own }) => {
      if (own === null) return wanted.value
      const copy = copies.get(own)
      return copy === undefined ? [] : { type: 'custom', skill_id: copy, version: 'latest' }
    })
    const isOurs = typeof id === 'string' && id.startsWith(idPrefix)
    return { ...(id === undefined || isOurs ? {} : { id }), ...members, skills }
  }

  /** A vendor's container with the ids of the caller in the place of those of copies. */
  restore(container: JsonRecord, copies: ReadonlyMap<OwnSkill, string>): JsonRecord {
    const { skills } = container
    if (!Array.isArray(skills)) return container
    const byCopy = new Map(
      this.entries.flatMap(({ wanted, own }) => {
        const copy = own === null ? undefined : copies.get(own)
        return own === null || copy === undefined ? [] : [[copy, describeOwn(wanted, own)] as const]
      }),
    )
    return {
      ...container,
      skills: skills.map((skill: unknown) => byCopy.get(String((skill as JsonRecord)['skill_id'])) ?? skill),
    }
  }

  /** What an answer says of skills that were put into the prompt; `unique` makes an id for a new container. */
  formatInjected(unique: string, now: number): JsonRecord {
    const { id } = this.#members
    return {
      id: typeof id === 'string' && id.startsWith(idPrefix) ? id : `${idPrefix}${unique}`,
      expires_at: new Date(now + lifetimeMs).toISOString(),
      skills: this.entries.flatMap(({ wanted, own }) => (own === null ? [] : describeOwn(wanted, own))),
    }
  }
}

function describeOwn({ id }: WantedSkill, { version }: OwnSkill): JsonRecord {
  return { type: 'custom', skill_id: id, version }
}
