import type { Embedder } from './dense/embedder.ts'
import type { Candidate, Findings, Reading, Signs } from './fusion/candidate.ts'
import type { ListName, ListRanks } from './fusion/rank-lists.ts'
import { LexicalIndex } from './lexical/lexical-index.ts'
import { NamePhrases } from './name-phrases.ts'
import { RequestText } from './request-text.ts'
import type { SkillDocument } from './skill-document.ts'
import { SkillVectors } from './skill-vectors.ts'
import { splitRequest } from './text/split-request.ts'
import { stem } from './text/stem.ts'
import { tokenise } from './text/tokenise.ts'

/** How many skills each list brings. */
const listDepth = 50
/** For how many of the candidates the parts of a request are read, those that fit its words best. */
const partDepth = 60

/** Finds candidates by words, by meaning and by name, and measures how well each fits. */
export class CandidateSource {
  readonly #slots = new Map<string, number>()
  readonly #ids: (string | undefined)[] = []
  readonly #free: number[] = []
  readonly #names: (readonly string[])[] = []
  readonly #lexical = new LexicalIndex()
  readonly #phrases = new NamePhrases()
  readonly #vectors: SkillVectors | null

  constructor(embedder: Embedder | null) {
    this.#vectors = embedder === null ? null : new SkillVectors(embedder)
  }

  get size(): number {
    return this.#slots.size
  }

  upsert(document: SkillDocument): void {
    const slot = this.#slots.get(document.id) ?? this.#free.pop() ?? this.#ids.length
    this.#slots.set(document.id, slot)
    this.#ids[slot] = document.id
    this.#names[slot] = [...new Set(tokenise(document.name).map(stem))]
    this.#lexical.put(slot, document)
    this.#phrases.put(slot, [document.name, ...document.triggerPhrases])
    this.#vectors?.put(slot, document)
  }

  remove(id: string): boolean {
    const slot = this.#slots.get(id)
    if (slot === undefined) return false
    this.#slots.delete(id)
    this.#ids[slot] = undefined
    this.#names[slot] = []
    this.#lexical.delete(slot)
    this.#phrases.delete(slot)
    this.#vectors?.delete(slot)
    this.#free.push(slot)
    return true
  }

  find(query: string, accept: ((id: string) => boolean) | null): Findings {
    const accepts = accept === null ? null : (slot: number): boolean => accept(this.#ids[slot] as string)
    const request = new RequestText(query, this.#lexical, this.#vectors)
    const dense = this.#vectors?.descriptions.search(request.vector, listDepth, accepts)
    const called = this.#phrases.search(request.sequence).filter((slot) => accepts?.(slot) ?? true)
    const ranks = new Map<number, ListRanks>()
    placeList(ranks, 'literal', called.slice(0, listDepth))
    placeList(ranks, 'lexical', this.#lexical.search(request.terms, listDepth, accepts))
    placeList(ranks, 'dense', dense?.slots ?? [])
    const slots = [...ranks.keys()]
    const whole = this.#read(request, slots)
    placeBodies(ranks, slots, whole.signs)
    const parts = splitRequest(query).map((part) => {
      return this.#read(new RequestText(part, this.#lexical, this.#vectors), slots.slice(0, partDepth))
    })
    const candidates = slots.map((slot, index): Candidate => {
      const placed = ranks.get(slot) as ListRanks
      const relevance = rateMatch(whole.signs[index] as Signs, dense?.mean ?? 0, request.mass, placed)
      return { id: this.#ids[slot] as string, ranks: placed, relevance }
    })
    const asked = this.#vectors?.words.ask(query)
    const readAsked = (index: number): number => asked?.cover(slots[index] as number) ?? 0
    return { candidates, whole, parts, readAsked }
  }

  #read(text: RequestText, slots: readonly number[]): Reading {
    const signs = slots.map((slot) => this.#measure(text, slot))
    const topLexical = signs.reduce((most, { lexical }) => Math.max(most, lexical), 0)
    return { contentWords: text.contentWords, topLexical, signs }
  }

  #measure(text: RequestText, slot: number): Signs {
    const names = this.#names[slot] as readonly string[]
    const said = names.reduce((sum, word) => (text.words.has(word) ? sum + 1 : sum), 0)
    const { score, covered } = this.#lexical.measure(slot, text.terms)
    return {
      lexical: score,
      dense: this.#vectors?.descriptions.cosine(slot, text.vector) ?? 0,
      body: this.#vectors?.bodyCosine(slot, text.vector) ?? 0,
      idfCoverage: text.mass === 0 ? 0 : covered / text.mass,
      nameCoverage: names.length === 0 ? 0 : said / names.length,
    }
  }
}

function placeList(ranks: Map<number, ListRanks>, list: ListName, slots: readonly number[]): void {
  for (const [index, slot] of slots.entries()) {
    const placed = ranks.get(slot) ?? {}
    placed[list] = index + 1
    ranks.set(slot, placed)
  }
}

/** The body list orders the candidates of the other lists: a scan of every body finds little more. */
function placeBodies(ranks: Map<number, ListRanks>, slots: readonly number[], signs: readonly Signs[]): void {
  const alike = slots.map((slot, index) => ({ slot, cosine: signs[index]?.body ?? 0 }))
  alike.sort((one, other) => other.cosine - one.cosine)
  const found = alike.filter(({ cosine }) => cosine > 0).slice(0, listDepth)
  placeList(
    ranks,
    'body',
    found.map(({ slot }) => slot),
  )
}

/** The strongest of three: cosine above the average skill's, share of the greatest BM25 score, called by name. */
function rateMatch(signs: Signs, meanCosine: number, mass: number, ranks: ListRanks): number {
  if (ranks.literal !== undefined) return 1
  const dense = (signs.dense - meanCosine) / (1 - meanCosine)
  const lexical = mass === 0 ? 0 : signs.lexical / (mass * 2.2)
  return Math.min(1, Math.max(0, dense, lexical))
}
