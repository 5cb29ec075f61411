import { fields } from './lexical/fields.ts'
import type { SkillDocument } from './skill-document.ts'
import type { Vocabulary } from './text/vocabulary.ts'

/** How much of a body is embedded, in characters: what a skill is for stands at its beginning. */
export const embeddedBody = 800

/** A skill as words of the vocabulary: views, valid until anything else is read. */
export interface ReadSkill {
  /** By field, in the order of `fields`. */
  readonly texts: readonly Int32Array[]
  readonly name: Int32Array
  /** Name and description. */
  readonly described: Int32Array
  /** Name, description and trigger phrases: the skill is embedded by these. */
  readonly summary: Int32Array
  /** The beginning of the body, as far as it is embedded, without what its end cuts off. */
  readonly bodyHead: Int32Array
  /** The beginning of the word there. */
  readonly bodyHeadEnd: string
}

/** Reads the texts of a skill, each once, for all parts of the index. */
export class SkillReader {
  readonly #vocabulary: Vocabulary

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary
  }

  read(document: SkillDocument): ReadSkill {
    const vocabulary = this.#vocabulary
    const headEnd = findBlankBefore(document.body, embeddedBody)
    const ends: number[] = []
    let bodyHeadEnd = 0
    vocabulary.read('')
    for (const { name, read } of fields) {
      const text = read(document)
      // Ranges instead of parts: a character of a cut string takes longer to find.
      if (name === 'body') bodyHeadEnd = vocabulary.readOn(text, 0, headEnd)
      ends.push(vocabulary.readOn(text, name === 'body' ? headEnd : 0))
    }
    const startOf = (field: number): number => (field === 0 ? 0 : (ends[field - 1] as number))
    const endOf = (name: (typeof fields)[number]['name']): number =>
      ends[fields.findIndex((field) => field.name === name)] as number
    return {
      texts: ends.map((end, field) => vocabulary.view(startOf(field), end)),
      name: vocabulary.view(0, endOf('name')),
      described: vocabulary.view(0, endOf('description')),
      summary: vocabulary.view(0, endOf('triggerPhrases')),
      bodyHead: vocabulary.view(endOf('labels'), bodyHeadEnd),
      bodyHeadEnd: document.body.slice(headEnd, embeddedBody),
    }
  }
}

const space = 32

/** The greatest place up to `limit` at which no word can be cut: the end of the text, or behind a blank. */
function findBlankBefore(text: string, limit: number): number {
  if (text.length <= limit) return text.length
  let place = limit
  while (place > 0 && text.charCodeAt(place - 1) > space) place--
  return place
}
