import { CandidateSource } from './candidate-source.ts'
import type { Embedder } from './dense/embedder.ts'
import { type Calibration, calibrate, defaultCalibration } from './fusion/calibrate.ts'
import type { Findings } from './fusion/candidate.ts'
import { defaultFusion, type FusionConstants, fuseGated } from './fusion/gated.ts'
import { fuseRanks, ranksOf } from './fusion/rank-lists.ts'
import type { SearchOptions, SearchResult } from './search-result.ts'
import type { SkillDocument } from './skill-document.ts'
import { findBest } from './top-k.ts'

/** How the lists become one order: weighed and gated by the request (default), or by reciprocal ranks. */
export type Fusion = 'gated' | 'rrf'

export interface SkillIndexOptions {
  readonly fusion?: Fusion
  /** Of the gated fusion; learnt by `tuneFusion`. */
  readonly constants?: FusionConstants
  readonly calibration?: Calibration
}

/** The skills of one workspace, searchable by a request. Not shared between threads. */
export class SkillIndex {
  readonly #source: CandidateSource
  readonly #fusion: Fusion
  readonly #constants: FusionConstants
  readonly #calibration: Calibration

  /** @param embedder null searches by words alone */
  constructor(embedder: Embedder | null, options: SkillIndexOptions = {}) {
    this.#source = new CandidateSource(embedder)
    this.#fusion = options.fusion ?? 'gated'
    this.#constants = options.constants ?? defaultFusion
    this.#calibration = options.calibration ?? defaultCalibration[this.#fusion]
  }

  static build(
    documents: Iterable<SkillDocument>,
    embedder: Embedder | null,
    options: SkillIndexOptions = {},
  ): SkillIndex {
    const index = new SkillIndex(embedder, options)
    for (const document of documents) index.upsert(document)
    return index
  }

  get size(): number {
    return this.#source.size
  }

  /**
   * Adds a skill or replaces the one with its id. Answers its place, a small number that stays the same until it is
   * removed, and that another may have then.
   */
  upsert(document: SkillDocument): number {
    return this.#source.upsert(document)
  }

  /** Whether there was such a skill. */
  remove(id: string): boolean {
    return this.#source.remove(id)
  }

  /** The skills that may fit the request, best first, ties by id. Deterministic. */
  search(query: string, options: SearchOptions): SearchResult[] {
    const found = this.find(query, options.accept)
    const fused = this.#fusion === 'gated' ? fuseGated(found, this.#constants) : fuseRanks(found)
    const { ids, places } = found
    const order = findBest(fused, fused.length)
    orderEquals(order, fused, ids)
    return order.slice(0, options.depth).map((candidate) => ({
      id: ids[candidate] as string,
      place: places[candidate] as number,
      score: calibrate(fused[candidate] as number, this.#calibration),
      relevance: found.rateMatch(candidate),
      fused: fused[candidate] as number,
      lists: ranksOf(found, candidate),
    }))
  }

  /** What was found for a request before it is ordered; `tuneFusion` learns from it. */
  find(query: string, accept?: (id: string) => boolean): Findings {
    return this.#source.find(query, accept ?? null)
  }
}

/** Puts candidates with the same score into the order of their ids. */
function orderEquals(order: number[], scores: Float64Array, ids: readonly string[]): void {
  for (let place = 1; place < order.length; place++) {
    const candidate = order[place] as number
    let at = place
    for (; at > 0; at--) {
      const before = order[at - 1] as number
      if (scores[before] !== scores[candidate] || (ids[before] as string) < (ids[candidate] as string)) break
      order[at] = before
    }
    order[at] = candidate
  }
}
