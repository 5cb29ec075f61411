import { CandidateSource } from './candidate-source.ts'
import type { Embedder } from './dense/embedder.ts'
import { type Calibration, calibrate, defaultCalibration } from './fusion/calibrate.ts'
import type { Findings } from './fusion/candidate.ts'
import { defaultFusion, type FusionConstants, fuseGated } from './fusion/gated.ts'
import { fuseRanks, type ListName } from './fusion/rank-lists.ts'
import type { SearchOptions, SearchResult } from './search-result.ts'
import type { SkillDocument } from './skill-document.ts'

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

  /** Adds a skill or replaces the one with its id. */
  upsert(document: SkillDocument): void {
    this.#source.upsert(document)
  }

  /** Whether there was such a skill. */
  remove(id: string): boolean {
    return this.#source.remove(id)
  }

  /** The skills that may fit the request, best first, ties by id. Deterministic. */
  search(query: string, options: SearchOptions): SearchResult[] {
    const found = this.find(query, options.accept)
    const scores = this.#fusion === 'gated' ? fuseGated(found, this.#constants) : mergeRanks(found)
    const scored = found.candidates.map((candidate, index) => ({ candidate, fused: scores[index] as number }))
    scored.sort((one, other) => other.fused - one.fused || (one.candidate.id < other.candidate.id ? -1 : 1))
    return scored.slice(0, options.depth).map(({ candidate, fused }) => ({
      id: candidate.id,
      score: calibrate(fused, this.#calibration),
      relevance: candidate.relevance,
      fused,
      lists: candidate.ranks,
    }))
  }

  /** What was found for a request before it is ordered; `tuneFusion` learns from it. */
  find(query: string, accept?: (id: string) => boolean): Findings {
    return this.#source.find(query, accept ?? null)
  }
}

function mergeRanks({ candidates }: Findings): number[] {
  const used = new Set(candidates.flatMap(({ ranks }) => Object.keys(ranks) as ListName[]))
  return candidates.map(({ ranks }) => fuseRanks(ranks, [...used]))
}
