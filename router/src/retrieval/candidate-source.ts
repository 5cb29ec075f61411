import { CandidateMeasures } from './candidate-measures.ts'
import type { Embedder } from './dense/embedder.ts'
import { type Findings, type ListName, listNames, type Reading, sign, signCount } from './fusion/candidate.ts'
import { greatestShare, LexicalIndex } from './lexical/lexical-index.ts'
import { NamePhrases } from './name-phrases.ts'
import { NumberLists } from './number-lists.ts'
import { type ReadRequest, RequestReader } from './request-reader.ts'
import type { SkillDocument } from './skill-document.ts'
import { SkillReader } from './skill-reader.ts'
import { SkillVectors } from './skill-vectors.ts'
import { Vocabulary } from './text/vocabulary.ts'
import { TopK } from './top-k.ts'

/** How many skills each list brings. */
const listDepth = 50

/** Finds candidates by words, by meaning and by name, and measures how well each fits. */
export class CandidateSource {
  readonly #slots = new Map<string, number>()
  readonly #ids: (string | undefined)[] = []
  readonly #free: number[] = []
  /** The distinct stems of each skill's name, by slot. */
  readonly #names = new NumberLists()
  /** By slot, for `CandidateList`. */
  #numbers = new Int32Array(64)
  readonly #vocabulary = new Vocabulary()
  readonly #skills = new SkillReader(this.#vocabulary)
  readonly #lexical = new LexicalIndex(this.#vocabulary)
  readonly #phrases = new NamePhrases(this.#vocabulary)
  readonly #vectors: SkillVectors | null
  readonly #requests: RequestReader
  readonly #measures: CandidateMeasures

  constructor(embedder: Embedder | null) {
    this.#vectors = embedder === null ? null : new SkillVectors(embedder, this.#vocabulary)
    this.#requests = new RequestReader(this.#vocabulary, this.#lexical, this.#vectors)
    this.#measures = new CandidateMeasures(this.#vocabulary, this.#lexical, this.#vectors)
  }

  get size(): number {
    return this.#slots.size
  }

  upsert(document: SkillDocument): number {
    const slot = this.#slots.get(document.id) ?? this.#free.pop() ?? this.#ids.length
    this.#slots.set(document.id, slot)
    this.#ids[slot] = document.id
    if (slot >= this.#numbers.length) this.#numbers = new Int32Array(2 * slot)
    const read = this.#skills.read(document)
    this.#names.put(slot, this.#readName(read.name))
    this.#lexical.put(slot, read.texts)
    this.#vectors?.put(slot, document, read)
    this.#phrases.put(slot, [document.name, ...document.triggerPhrases])
    return slot
  }

  remove(id: string): boolean {
    const slot = this.#slots.get(id)
    if (slot === undefined) return false
    this.#slots.delete(id)
    this.#ids[slot] = undefined
    this.#lexical.delete(slot)
    this.#phrases.delete(slot)
    this.#vectors?.delete(slot)
    this.#free.push(slot)
    return true
  }

  find(query: string, accept: ((id: string) => boolean) | null): Findings {
    const accepts = accept === null ? null : (slot: number): boolean => accept(this.#ids[slot] as string)
    const request = this.#requests.read(query)
    const { sequence, terms, vector } = request.whole
    const dense = this.#vectors?.descriptions.search(vector, listDepth, accepts)
    const called = this.#phrases.search(sequence).filter((slot) => accepts?.(slot) ?? true)
    const worded = this.#lexical.search(terms, listDepth, accepts)
    const candidates = new CandidateList(this.#numbers)
    candidates.place('literal', called.slice(0, listDepth))
    candidates.place('lexical', worded)
    candidates.place('dense', dense?.slots ?? [])
    const slots = new Int32Array(candidates.slots)
    const [whole, ...parts] = this.#measures.read(request, slots, this.#names) as [Reading, ...Reading[]]
    candidates.place('body', orderByBody(slots, whole.signs))
    candidates.close()
    return {
      ids: candidates.slots.map((slot) => this.#ids[slot] as string),
      places: candidates.slots,
      ranks: candidates.ranks,
      whole,
      parts,
      readAsked: this.#createReadAsked(request, candidates.slots),
      rateMatch: (one) => rateMatch(one, candidates.ranks, whole.signs, dense?.mean ?? 0, request),
    }
  }

  /** Remembers what it was asked: to learn constants, candidates are compared again and again. */
  #createReadAsked(request: ReadRequest, slots: readonly number[]): Findings['readAsked'] {
    const words = this.#vectors?.words
    if (words === undefined) return (chosen) => chosen.map(() => 0)
    const asked = words.ask(request.asked)
    const known: (number | undefined)[] = []
    return (chosen) => {
      const missing = chosen.filter((one) => known[one] === undefined)
      const covered = words.cover(
        missing.map((one) => slots[one] as number),
        asked,
      )
      for (const [index, one] of missing.entries()) known[one] = covered[index]
      return chosen.map((one) => known[one] as number)
    }
  }

  #readName(words: Int32Array): readonly number[] {
    const stems: number[] = []
    for (let index = 0; index < words.length; index++) {
      const stem = this.#vocabulary.stemOf(words[index] as number)
      if (!stems.includes(stem)) stems.push(stem)
    }
    return stems
  }
}

/** Skills in the order the lists bring them, each once, with its places in the lists. */
class CandidateList {
  readonly slots: number[] = []
  readonly ranks = new Int32Array(listNames.length * (listNames.length - 1) * listDepth)
  readonly #numbers: Int32Array

  /** @param numbers by slot: 1 more than a candidate's number, or 0; zeros until the first is placed */
  constructor(numbers: Int32Array) {
    this.#numbers = numbers
  }

  place(list: ListName, slots: readonly number[]): void {
    const column = listNames.indexOf(list)
    for (let index = 0; index < slots.length; index++) {
      const slot = slots[index] as number
      if (this.#numbers[slot] === 0) this.#numbers[slot] = this.slots.push(slot)
      const number = (this.#numbers[slot] as number) - 1
      this.ranks[number * listNames.length + column] = index + 1
    }
  }

  /** Leaves the numbers as they were. */
  close(): void {
    for (const slot of this.slots) this.#numbers[slot] = 0
  }
}

/** The body list orders the candidates of the other lists: a scan of every body finds little more. */
function orderByBody(slots: Int32Array, signs: Float64Array): number[] {
  const best = new TopK(listDepth)
  for (let candidate = 0; candidate < slots.length; candidate++) {
    const cosine = signs[candidate * signCount + sign.body] as number
    if (cosine > 0) best.offer(candidate, cosine)
  }
  return best.drain().map((candidate) => slots[candidate] as number)
}

/** The strongest of three: cosine above the average skill's, share of the greatest BM25 score, called by name. */
function rateMatch(
  candidate: number,
  ranks: Int32Array,
  signs: Float64Array,
  meanCosine: number,
  { whole: { mass } }: ReadRequest,
): number {
  if (ranks[candidate * listNames.length + listNames.indexOf('literal')] !== 0) return 1
  const at = candidate * signCount
  const dense = ((signs[at + sign.dense] as number) - meanCosine) / (1 - meanCosine)
  const lexical = mass === 0 ? 0 : (signs[at + sign.lexical] as number) / (mass * greatestShare)
  return Math.min(1, Math.max(0, dense, lexical))
}
