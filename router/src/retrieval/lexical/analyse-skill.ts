import type { SkillDocument } from '../skill-document.ts'
import { stem } from '../text/stem.ts'
import { stopWords } from '../text/stop-words.ts'
import { tokenise } from '../text/tokenise.ts'
import { fields } from './fields.ts'

/** What the lexical index keeps of a skill. */
export interface AnalysedSkill {
  /** Each term with its counts, packed as `fields` says. */
  readonly counts: ReadonlyMap<string, number>
  /** How many words each field has. */
  readonly lengths: readonly number[]
}

/** Counts the words of a skill, field by field. */
export function analyseSkill(document: SkillDocument): AnalysedSkill {
  const counts = new Map<string, number>()
  const lengths = fields.map(({ read, shift, most }) => {
    const words = tokenise(read(document))
    for (const word of words) {
      if (stopWords.has(word)) continue
      const term = stem(word)
      const packed = counts.get(term) ?? 0
      if (((packed >>> shift) & most) < most) counts.set(term, packed + (1 << shift))
    }
    return Math.min(words.length, 65_535)
  })
  return { counts, lengths }
}
