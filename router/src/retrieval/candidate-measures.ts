import { type Reading, sign, signCount } from './fusion/candidate.ts'
import type { LexicalIndex, MatchedTerm } from './lexical/lexical-index.ts'
import type { NumberLists } from './number-lists.ts'
import type { ReadRequest, ReadText } from './request-reader.ts'
import type { SkillVectors } from './skill-vectors.ts'
import type { Vocabulary } from './text/vocabulary.ts'
import { grow } from './text/word-buffer.ts'

/** For how many of the candidates the parts of a request are read, those that fit its words best. */
const partDepth = 60

/** More than requests have stems, and little enough to stay in the first cache. */
const filterSize = 4096

/** Measures how well candidates fit a request and each of its parts. */
export class CandidateMeasures {
  readonly #vocabulary: Vocabulary
  readonly #lexical: LexicalIndex
  readonly #vectors: SkillVectors | null
  /** By word of the vocabulary: a bit for each text that has a word of this stem; zeros between requests. */
  #saidIn = new Int32Array(512)
  /** 1 where a text has a stem with these lowest bits; zeros between requests. Near where `#saidIn` is far. */
  readonly #mayBeSaid = new Uint8Array(filterSize)
  /** By candidate, of the term at hand. */
  #impacts = new Float64Array(256)

  constructor(vocabulary: Vocabulary, lexical: LexicalIndex, vectors: SkillVectors | null) {
    this.#vocabulary = vocabulary
    this.#lexical = lexical
    this.#vectors = vectors
  }

  /** The readings of the whole request and of its parts. */
  read(request: ReadRequest, slots: Int32Array, names: NumberLists): Reading[] {
    this.#reserve()
    const texts = [request.whole, ...request.parts]
    const signs = texts.map((_, text) => new Float64Array(signCount * depthOf(text, slots)))
    this.#readWords(texts, slots, signs)
    this.#markSaid(texts, true)
    this.#readNames(slots, names, signs)
    this.#markSaid(texts, false)
    this.#readCosines(texts, slots, signs)
    return texts.map(({ contentWords }, text) => {
      const ofText = signs[text] as Float64Array
      let topLexical = 0
      for (let at: number = sign.lexical; at < ofText.length; at += signCount)
        topLexical = Math.max(topLexical, ofText[at] as number)
      return { contentWords, topLexical, signs: ofText }
    })
  }

  /** Looks each term of the request up once, for all texts that say it. */
  #readWords(texts: readonly ReadText[], slots: Int32Array, signs: readonly Float64Array[]): void {
    if (slots.length > this.#impacts.length) this.#impacts = new Float64Array(2 * slots.length)
    const impacts = this.#impacts
    for (const said of listTerms(texts).values()) {
      this.#lexical.readImpacts(said[0]?.matched as MatchedTerm, slots, impacts)
      for (const { text, matched } of said) {
        const ofText = signs[text] as Float64Array
        const share = matched.idf / (texts[text] as ReadText).mass
        for (let at = 0, candidate = 0; at < ofText.length; at += signCount, candidate++) {
          const impact = impacts[candidate] as number
          if (impact === 0) continue
          ofText[at + sign.lexical] = (ofText[at + sign.lexical] as number) + matched.weight * impact
          ofText[at + sign.idfCoverage] = (ofText[at + sign.idfCoverage] as number) + share
        }
      }
    }
  }

  #readNames(slots: Int32Array, names: NumberLists, signs: readonly Float64Array[]): void {
    const { numbers } = names
    for (let candidate = 0; candidate < slots.length; candidate++) {
      const slot = slots[candidate] as number
      const count = names.countOf(slot)
      const start = names.startOf(slot)
      const at = candidate * signCount + sign.nameCoverage
      for (let index = start; index < start + count; index++) {
        const stem = numbers[index] as number
        if (this.#mayBeSaid[stem % filterSize] === 0) continue
        const saidIn = this.#saidIn[stem] as number
        for (let text = 0; saidIn >>> text > 0; text++) {
          const ofText = signs[text] as Float64Array
          if ((saidIn >>> text) % 2 === 1 && at < ofText.length)
            ofText[at] = (ofText[at] as number) + 1 / count
        }
      }
    }
  }

  #markSaid(texts: readonly ReadText[], isSaid: boolean): void {
    for (const [text, { sequence }] of texts.entries()) {
      for (const stem of sequence) {
        if (stem < 0) continue
        this.#mayBeSaid[stem % filterSize] = isSaid ? 1 : 0
        this.#saidIn[stem] = isSaid ? (this.#saidIn[stem] as number) | (1 << text) : 0
      }
    }
  }

  /** Of a skill without a body the description counts as one, so that it is not worse off. */
  #readCosines(texts: readonly ReadText[], slots: Int32Array, signs: readonly Float64Array[]): void {
    if (this.#vectors === null) return
    const { descriptions, bodies } = this.#vectors
    for (const [text, { vector }] of texts.entries()) {
      const ofText = signs[text] as Float64Array
      const read = slots.subarray(0, depthOf(text, slots))
      descriptions.readCosines(read, vector, ofText, sign.dense, signCount)
      bodies.readCosines(read, vector, ofText, sign.body, signCount)
      for (let candidate = 0; candidate < read.length; candidate++) {
        const at = candidate * signCount
        if (!bodies.has(read[candidate] as number)) ofText[at + sign.body] = ofText[at + sign.dense] as number
      }
    }
  }

  #reserve(): void {
    if (this.#vocabulary.size > this.#saidIn.length)
      this.#saidIn = grow(this.#saidIn, 2 * this.#vocabulary.size)
  }
}

interface SaidTerm {
  readonly text: number
  readonly matched: MatchedTerm
}

/** The terms of all texts, each with the texts that say it. */
function listTerms(texts: readonly ReadText[]): ReadonlyMap<number, readonly SaidTerm[]> {
  const terms = new Map<number, SaidTerm[]>()
  for (const [text, { terms: matches }] of texts.entries()) {
    for (const matched of matches) {
      const said = terms.get(matched.term)
      if (said === undefined) terms.set(matched.term, [{ text, matched }])
      else said.push({ text, matched })
    }
  }
  return terms
}

/** The first text is the whole request, which all candidates are read for. */
const depthOf = (text: number, slots: Int32Array): number =>
  text === 0 ? slots.length : Math.min(partDepth, slots.length)
