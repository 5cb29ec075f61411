import type { ModelInfo, Scores } from '../scoring/scorer.ts'

/** Judged choices of one kind, summed with their weights. */
export interface OutcomeSums {
  readonly bundleId: string
  readonly domain: string
  readonly tier: string
  readonly arm: string
  readonly weight: number
  /** Σ weight · score. */
  readonly reward: number
  /** Σ weight · (score − what was expected). */
  readonly residual: number
}

const modelRows = 20
const domainRows = 10
const mostShift = 0.25
/** What was learned under another bundle was learned against other estimates. */
const foreignShare = 0.5

interface Sums {
  weight: number
  residual: number
}

/** What live outcomes say beyond the scorer: how much better or worse each model does than expected, by domain. */
export class Residuals {
  readonly #byModel = new Map<string, Sums>()
  readonly #byDomain = new Map<string, Sums>()

  readonly #wideningOf: (arm: string) => number

  /** `wideningOf` is added to the doubt about a model. */
  constructor(
    cells: readonly OutcomeSums[],
    bundleId: string,
    wideningOf: (arm: string) => number = () => 0,
  ) {
    this.#wideningOf = wideningOf
    for (const cell of cells) {
      const share = cell.bundleId === bundleId ? 1 : foreignShare
      add(this.#byModel, cell.arm, cell, share)
      add(this.#byDomain, keyOf(cell.domain, cell.arm), cell, share)
    }
  }

  get isEmpty(): boolean {
    return this.#byModel.size === 0
  }

  /** The shift of one model in one domain, and how many judged choices it rests on. */
  shiftOf(domain: string, arm: string): { readonly shift: number; readonly weight: number } {
    const model = this.#byModel.get(arm)
    if (model === undefined) return { shift: 0, weight: 0 }
    const overall = this.#overallShift(arm)
    const cell = this.#byDomain.get(keyOf(domain, arm)) ?? { weight: 0, residual: 0 }
    const shift = (cell.residual + domainRows * overall) / (cell.weight + domainRows)
    return { shift: Math.max(-mostShift, Math.min(mostShift, shift)), weight: cell.weight }
  }

  #overallShift(arm: string): number {
    const model = this.#byModel.get(arm)
    if (model === undefined) return 0
    return Math.max(-mostShift, Math.min(mostShift, model.residual / (model.weight + modelRows)))
  }

  /** Moves the estimates, and widens the uncertainty where little was judged. */
  adjust(scores: Scores, models: readonly ModelInfo[], domain: string): void {
    if (this.isEmpty) return
    const online = new Float64Array(models.length)
    models.forEach(({ name }, at) => {
      const { shift, weight } = this.shiftOf(domain, name)
      const before = scores.q[at] as number
      const after = Math.max(0, Math.min(1, before + shift))
      online[at] = after - before
      scores.q[at] = after
      // Strange asks are drawn to the means, which know of the outcomes of all domains.
      scores.mean[at] = Math.max(0, Math.min(1, (scores.mean[at] as number) + this.#overallShift(name)))
      if (this.#byModel.has(name))
        scores.sigma[at] =
          Math.sqrt((scores.sigma[at] as number) ** 2 + 0.25 / (weight + domainRows)) + this.#wideningOf(name)
      scores.nEff[at] = (scores.nEff[at] as number) + weight
    })
    scores.components.set('online', online)
  }
}

function keyOf(domain: string, arm: string): string {
  return `${domain}\u0000${arm}`
}

function add(map: Map<string, Sums>, key: string, cell: OutcomeSums, share: number): void {
  const sums = map.get(key) ?? { weight: 0, residual: 0 }
  sums.weight += share * cell.weight
  sums.residual += share * cell.residual
  map.set(key, sums)
}
