import type { JsonRecord } from '../../conversation/json-value.ts'
import type { SkillTurn } from '../../injection/skill-turn.ts'
import type { SkipReason } from '../../injection/skills-outcome.ts'
import type { SkillsWish } from '../../injection/skills-wish.ts'
import type { BegunTurn } from './begin-turn.ts'
import type { OwnSkill } from './container-source.ts'
import type { WantedSkill } from './read-container.ts'

/** An entry of a container; `own` is null for what is the vendor's. */
export interface ContainerEntry {
  readonly wanted: WantedSkill
  readonly own: OwnSkill | null
}

/** What a container says in the stead of one the vendor runs. */
const idPrefix = 'container_riq_'
const lifetimeMs = 3_600_000
/** A single text of this many characters (2 000 tokens) goes into the prompt at once. */
const inlineLength = 8_000

/** The skills a request wants in a container, whichever model answers. */
export class RequestContainer {
  readonly workspaceId: string
  readonly agentName: string | null
  readonly entries: readonly ContainerEntry[]
  readonly #members: JsonRecord
  readonly #beginAsWished: () => Promise<SkillTurn | null>
  #wished: Promise<SkillTurn | null> | null = null
  #listed: Promise<BegunTurn | SkipReason> | null = null

  /** `beginAsWished` gives the skills the request gets beside those in the container. */
  constructor(
    { workspaceId, agentName }: { readonly workspaceId: string; readonly agentName: string | null },
    entries: readonly ContainerEntry[],
    members: JsonRecord,
    beginAsWished: () => Promise<SkillTurn | null>,
  ) {
    this.workspaceId = workspaceId
    this.agentName = agentName
    this.entries = entries
    this.#members = members
    this.#beginAsWished = beginAsWished
  }

  get own(): readonly OwnSkill[] {
    return this.entries.flatMap(({ own }) => own ?? [])
  }

  get foreign(): readonly WantedSkill[] {
    return this.entries.flatMap(({ own, wanted }) => (own === null ? wanted : []))
  }

  get isMixed(): boolean {
    return this.own.length > 0 && this.foreign.length > 0
  }

  /** The skills beside the container; begun once, however many deployments are tried. */
  wished(): Promise<SkillTurn | null> {
    this.#wished ??= this.#beginAsWished()
    return this.#wished
  }

  /** The turn that puts the container's own skills into the prompt; begun once. */
  listed(begin: () => Promise<BegunTurn | SkipReason>): Promise<BegunTurn | SkipReason> {
    this.#listed ??= begin()
    return this.#listed
  }

  /** What goes into the prompt of a model without containers. */
  get wish(): SkillsWish {
    const { own } = this
    const isShort = own.length === 1 && own.every(({ bodyLength }) => bodyLength <= inlineLength)
    return {
      mode: 'list',
      names: own.map(({ skillId }) => skillId),
      hintK: null,
      bodies: isShort ? 1 : null,
      bodyTokens: null,
      menuTokens: null,
      tool: !isShort,
      hint: true,
      category: null,
      missing: 'error',
    }
  }

  get versions(): ReadonlyMap<string, string> {
    return new Map(this.own.map(({ skillId, versionId }) => [skillId, versionId]))
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
