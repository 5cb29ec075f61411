import { estimateTokens } from '@routeiq/router'
import { readArgument, refusals, renderLoaded } from './load-skill-tool.ts'
import { refuseFile, renderFile } from './read-file-tool.ts'
import type { LoadableSkill } from './skill-source.ts'

export interface LoadLimits {
  /** Distinct bodies a turn. */
  readonly bodies: number
  /** Estimated tokens of all of them, and of the files that are read. */
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

/** Where the text of skills comes from, as one caller may see them. Rejects without a store. */
export interface SkillTexts {
  find(name: string): Promise<LoadableSkill | null>
  readFile(skill: LoadableSkill, path: string): Promise<string | null>
}

/** What earlier requests of a turn have used of its budget. */
interface UsedBefore {
  readonly loaded: readonly LoadedSkill[]
  readonly fileTokens: number
}

/** Resolves the model's calls for bodies and files within the budget of one turn. */
export class SkillLoads {
  readonly loaded: LoadedSkill[]
  readonly #limits: LoadLimits
  readonly #texts: SkillTexts
  #fileTokens: number

  constructor(limits: LoadLimits, texts: SkillTexts, before: UsedBefore) {
    this.#limits = limits
    this.#texts = texts
    this.loaded = [...before.loaded]
    this.#fileTokens = before.fileTokens
  }

  get fileTokens(): number {
    return this.#fileTokens
  }

  /** The text the model gets for a call with these arguments: a body, or why there is none. */
  async load(argumentsText: string, now: number): Promise<string> {
    const skill = await this.#findNamed(argumentsText)
    if (typeof skill === 'string') return skill
    if (this.loaded.some((earlier) => earlier.skillId === skill.skillId)) return refusals.repeated(skill.name)
    const text = renderLoaded(skill)
    return this.#take(skill, text, now, true) ? text : refusals.exhausted
  }

  /** The same for a file beside a body. */
  async readFile(argumentsText: string, now: number): Promise<string> {
    const path = readArgument(argumentsText, 'path')?.replace(/^\.\//, '') ?? null
    if (path === null) return refusals.pathless
    const skill = await this.#findNamed(argumentsText)
    if (typeof skill === 'string') return skill
    const refusal = refuseFile(skill, path)
    if (refusal !== null) return refusal
    const content = await this.#texts.readFile(skill, path).catch(() => null)
    if (content === null) return refusals.unreadable(skill.name)
    const text = renderFile(skill, path, content)
    const tokens = estimateTokens(text.length)
    if (!this.#allows(tokens, now)) return refusals.exhausted
    this.#fileTokens += tokens
    return text
  }

  /** Whether a body that is put behind the menu fits; it counts as delivered. */
  takeInlined(skill: LoadableSkill, text: string, now: number): boolean {
    return this.#take(skill, text, now, false)
  }

  /** The skill a call names, or what is wrong with the name. */
  async #findNamed(argumentsText: string): Promise<LoadableSkill | string> {
    const name = readArgument(argumentsText, 'name')
    if (name === null) return refusals.unnamed
    const skill = await this.#texts.find(name).catch(() => undefined)
    if (skill === undefined) return refusals.unreadable(name)
    return skill ?? refusals.unknown(name)
  }

  #take(skill: LoadableSkill, text: string, now: number, asked: boolean): boolean {
    const tokens = estimateTokens(text.length)
    if (this.loaded.length >= this.#limits.bodies || !this.#allows(tokens, now)) return false
    const { name, skillId, versionId, contentHash } = skill
    this.loaded.push({ name, skillId, versionId, contentHash, tokens, at: now, asked })
    return true
  }

  #allows(tokens: number, now: number): boolean {
    const { bodyTokens, windowMs } = this.#limits
    const first = this.loaded.find(({ asked }) => asked)
    const used = this.loaded.reduce((sum, earlier) => sum + earlier.tokens, this.#fileTokens)
    return used + tokens <= bodyTokens && (first === undefined || now - first.at <= windowMs)
  }
}
