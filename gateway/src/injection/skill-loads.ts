import { estimateTokens } from '@routeiq/router'
import { readSkillName, refusals, renderLoaded } from './load-skill-tool.ts'
import type { LoadableSkill } from './skill-source.ts'

export interface LoadLimits {
  /** Distinct bodies a turn. */
  readonly bodies: number
  /** Estimated tokens of all of them. */
  readonly bodyTokens: number
  /** None is loaded later than this after the first, milliseconds. */
  readonly windowMs: number
}

/** A body the model has got in this turn, and which version it was. */
export interface LoadedSkill {
  readonly name: string
  readonly skillId: string
  readonly versionId: string
  readonly contentHash: string
  readonly tokens: number
  /** Epoch milliseconds. */
  readonly at: number
  /** Asked for by the model; false for a body that was put behind the menu. */
  readonly asked: boolean
}

/** Resolves the model's calls for bodies within the budget of one turn. */
export class SkillLoads {
  readonly loaded: LoadedSkill[]
  readonly #limits: LoadLimits
  readonly #find: (name: string) => Promise<LoadableSkill | null>

  /** `before` is what earlier requests of the turn have loaded. */
  constructor(
    limits: LoadLimits,
    find: (name: string) => Promise<LoadableSkill | null>,
    before: readonly LoadedSkill[],
  ) {
    this.#limits = limits
    this.#find = find
    this.loaded = [...before]
  }

  /** The text the model gets for a call with these arguments: a body, or why there is none. */
  async resolve(argumentsText: string, now: number): Promise<string> {
    const name = readSkillName(argumentsText)
    if (name === null) return refusals.unnamed
    const skill = await this.#find(name).catch(() => undefined)
    if (skill === undefined) return refusals.unreadable(name)
    if (skill === null) return refusals.unknown(name)
    if (this.loaded.some((earlier) => earlier.skillId === skill.skillId)) return refusals.repeated(skill.name)
    const text = renderLoaded(skill)
    return this.#take(skill, text, now, true) ? text : refusals.exhausted
  }

  /** Whether a body that is put behind the menu fits; it counts as delivered. */
  takeInlined(skill: LoadableSkill, text: string, now: number): boolean {
    return this.#take(skill, text, now, false)
  }

  #take(skill: LoadableSkill, text: string, now: number, asked: boolean): boolean {
    const tokens = estimateTokens(text.length)
    if (!this.#allows(tokens, now)) return false
    const { name, skillId, versionId, contentHash } = skill
    this.loaded.push({ name, skillId, versionId, contentHash, tokens, at: now, asked })
    return true
  }

  #allows(tokens: number, now: number): boolean {
    const { bodies, bodyTokens, windowMs } = this.#limits
    const first = this.loaded.find(({ asked }) => asked)
    const used = this.loaded.reduce((sum, earlier) => sum + earlier.tokens, 0)
    return (
      this.loaded.length < bodies &&
      used + tokens <= bodyTokens &&
      (first === undefined || now - first.at <= windowMs)
    )
  }
}
