import type { SkillTurn } from '../../injection/skill-turn.ts'
import type { SkipReason } from '../../injection/skills-outcome.ts'
import type { SkillsWish } from '../../injection/skills-wish.ts'
import type { BegunTurn } from './begin-turn.ts'
import type { OwnSkill } from './container-source.ts'

/** A single text of this many characters (2 000 tokens) goes into the prompt at once. */
const inlineLength = 8_000

/** Skills of the store that a request lists, for the prompt of a model without containers. */
export class ListedSkills {
  readonly own: readonly OwnSkill[]
  readonly #beginAsWished: () => Promise<SkillTurn | null>
  #wished: Promise<SkillTurn | null> | null = null
  #begun: Promise<BegunTurn | SkipReason> | null = null

  /** `beginAsWished` gives the skills the request gets beside those it lists. */
  constructor(own: readonly OwnSkill[], beginAsWished: () => Promise<SkillTurn | null>) {
    this.own = own
    this.#beginAsWished = beginAsWished
  }

  /** The skills beside the listed ones; begun once, however many deployments are tried. */
  wished(): Promise<SkillTurn | null> {
    this.#wished ??= this.#beginAsWished()
    return this.#wished
  }

  /** The turn that puts the listed skills into the prompt; begun once. */
  begin(begin: () => Promise<BegunTurn | SkipReason>): Promise<BegunTurn | SkipReason> {
    this.#begun ??= begin()
    return this.#begun
  }

  /** `needsTools`: the model is to have tools even where the text of the only skill stands in the prompt. */
  wish(needsTools: boolean): SkillsWish {
    const { own } = this
    const isShort = own.length === 1 && own.every(({ bodyLength }) => bodyLength <= inlineLength)
    return {
      mode: 'list',
      names: own.map(({ skillId }) => skillId),
      hintK: null,
      bodies: isShort ? 1 : null,
      bodyTokens: null,
      menuTokens: null,
      tool: !isShort || needsTools,
      hint: true,
      category: null,
      missing: 'error',
    }
  }

  get versions(): ReadonlyMap<string, string> {
    return new Map(this.own.map(({ skillId, versionId }) => [skillId, versionId]))
  }
}
