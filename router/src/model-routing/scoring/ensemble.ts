import type { FeatureSpace, Point } from '../features/feature-space.ts'
import { type Breakpoints, readOff } from './breakpoints.ts'
import { createRowProduct } from './create-products.ts'
import type { NeighbourTable } from './neighbour-table.ts'
import type { PointProduct } from './point-product.ts'

/** How sharply the classifier's logits become shares of domains. */
const domainSharpness = 8
/** How many rows' worth of doubt every estimate carries. */
export const doubtRows = 8

/** The factors on what the parts of the ensemble say beside a model's mean: table, neighbours, and the regressions alone. */
export interface PartShares {
  readonly domain: number
  readonly knn: number
  readonly ridge: number
}

/** The four predictions of the ensemble in equal parts, where nothing says better. */
export const usualShares: PartShares = { domain: 0.5, knn: 0.25, ridge: 0.5 }

/** A trained default model: everything but the neighbours is in flat arrays. */
export interface EnsembleWeights {
  readonly models: readonly string[]
  readonly domains: readonly string[]
  readonly space: FeatureSpace
  /**
   * One row for each hashed slot, structured feature and the constant. Its columns are, by model, half of the ridge's weight
   * and half of that of the ridge on the table's residual; `ln cost` by model where that was trained; `logit` by domain.
   */
  readonly columns: Float32Array
  /** Shares of the domains in training. */
  readonly domainShares: Float64Array
  /** Domains × models. */
  readonly domainScores: Float64Array
  readonly domainCosts: Float64Array
  readonly meanScores: Float64Array
  readonly meanCosts: Float64Array
  /** The logarithm of the geometric mean; null when costs have no regression of their own. */
  readonly meanLnCosts: Float64Array | null
  /** How much each part counts, to be right on rows it was not trained on. */
  readonly shares: PartShares
  /** What an estimate of each model really came to, put in its place; null leaves estimates as they are. */
  readonly calibration: readonly Breakpoints[] | null
}

/** What a trained model says of one ask, by model of the bundle. Overwritten by the next ask. */
export interface Estimates {
  readonly quality: Float64Array
  readonly cost: Float64Array
  readonly sigma: Float64Array
  readonly domainShares: Float64Array
  readonly maxSimilarity: number
  /** Rows' worth of evidence. */
  readonly effective: number
  /** What moved the quality off the model's mean, by name; with the mean they sum to it before clipping. */
  readonly parts: ReadonlyMap<string, Float64Array>
}

/** Whatever estimates quality and cost from a point of its feature space. */
export interface Predictor {
  readonly weights: EnsembleWeights
  predict(point: Point): Estimates
}

/** What the ensemble says of one ask. */
export interface EnsembleOutput extends Estimates {
  /** What the table and the neighbours say. */
  readonly domain: Float64Array
  readonly neighbours: Float64Array
  /** The mean of the ridge, and of the table with the ridge on its residual. */
  readonly linear: Float64Array
  maxSimilarity: number
  effective: number
  readonly parts: ReadonlyMap<string, Float64Array>
}

/**
 * Every model's mean, moved by what the domain table, the neighbours and two ridge regressions (one on the table's residual) say of
 * the ask, each by its share. The two regressions are linear in the same features, so one row of weights serves both.
 */
export class Ensemble implements Predictor {
  readonly weights: EnsembleWeights
  readonly #neighbours: NeighbourTable
  readonly #columns: PointProduct
  #sums: Float64Array
  readonly #regressions: number
  readonly #costs: Float64Array
  readonly #parts: readonly [Float64Array, Float64Array, Float64Array, Float64Array]
  readonly #out: EnsembleOutput

  constructor(weights: EnsembleWeights, neighbours: NeighbourTable) {
    this.weights = weights
    this.#neighbours = neighbours
    const { length: width } = weights.models
    const vector = (): Float64Array => new Float64Array(width)
    this.#regressions = weights.meanLnCosts === null ? 1 : 2
    this.#sums = new Float64Array(0)
    this.#columns = createRowProduct({
      values: weights.columns,
      width: this.#regressions * width + weights.domains.length,
    })
    this.#costs = vector()
    this.#parts = [vector(), vector(), vector(), vector()]
    this.#out = {
      quality: vector(),
      cost: vector(),
      sigma: vector(),
      domainShares: new Float64Array(weights.domains.length),
      domain: vector(),
      neighbours: vector(),
      linear: vector(),
      maxSimilarity: 0,
      effective: 0,
      parts: new Map([
        ['domain', this.#parts[0]],
        ['knn', this.#parts[1]],
        ['ridge', this.#parts[2]],
        ...(weights.calibration === null ? [] : ([['calibration', this.#parts[3]]] as const)),
      ]),
    }
  }

  /** `skip` leaves a training row out of its own neighbours. */
  predict(point: Point, skip = -1): EnsembleOutput {
    const out = this.#out
    this.#sums = this.#columns.multiply(point)
    this.#readDomains()
    const support = this.#neighbours.fill(point, out.neighbours, this.#costs, skip)
    // As if the words nobody has seen were part of the ask's length.
    out.maxSimilarity = support.maxSimilarity * Math.sqrt(point.known)
    out.effective = support.effective
    this.#combine()
    return out
  }

  #readDomains(): void {
    const { domainShares: prior, models } = this.weights
    const shares = this.#out.domainShares
    const from = this.#regressions * models.length
    let largest = Number.NEGATIVE_INFINITY
    for (let domain = 0; domain < shares.length; domain++) {
      const logit = domainSharpness * ((this.#sums[from + domain] as number) + (prior[domain] as number))
      shares[domain] = logit
      if (logit > largest) largest = logit
    }
    let sum = 0
    for (let domain = 0; domain < shares.length; domain++) {
      const share = Math.exp((shares[domain] as number) - largest)
      shares[domain] = share
      sum += share
    }
    for (let domain = 0; domain < shares.length; domain++) shares[domain] = (shares[domain] as number) / sum
  }

  #combine(): void {
    const out = this.#out
    const { weights } = this
    const { shares } = weights
    const { length: width } = weights.models
    for (let model = 0; model < width; model++) {
      let table = 0
      let tableCost = 0
      for (let domain = 0; domain < out.domainShares.length; domain++) {
        const share = out.domainShares[domain] as number
        table += share * (weights.domainScores[domain * width + model] as number)
        tableCost += share * (weights.domainCosts[domain * width + model] as number)
      }
      const near = out.neighbours[model] as number
      const linear = ((weights.meanScores[model] as number) + table) / 2 + (this.#sums[model] as number)
      const centre = (table + near + 2 * linear) / 4
      const spread = ((table - centre) ** 2 + (near - centre) ** 2 + 2 * (linear - centre) ** 2) / 4
      const mean = weights.meanScores[model] as number
      const [ofDomain, ofNeighbours, ofRidge, ofCalibration] = this.#parts
      const fromDomain = shares.domain * (table - mean)
      const fromNeighbours = shares.knn * (near - mean)
      const fromRidge = shares.ridge * (this.#sums[model] as number)
      ofDomain[model] = fromDomain
      ofNeighbours[model] = fromNeighbours
      ofRidge[model] = fromRidge
      const raw = mean + fromDomain + fromNeighbours + fromRidge
      const known = weights.calibration?.[model]
      const quality = known === undefined ? raw : readOff(known, raw)
      ofCalibration[model] = quality - raw
      const clipped = Math.max(0, Math.min(1, quality))
      out.domain[model] = table
      out.linear[model] = linear
      out.quality[model] = clipped
      out.cost[model] = this.#combineCosts(model, tableCost)
      out.sigma[model] = Math.sqrt(spread + (clipped * (1 - clipped)) / (doubtRows + out.effective))
    }
  }

  #combineCosts(model: number, tableCost: number): number {
    const { meanLnCosts, models } = this.weights
    const near = this.#costs[model] as number
    if (meanLnCosts === null) return (tableCost + near) / 2
    const lnCost = (meanLnCosts[model] as number) + (this.#sums[models.length + model] as number)
    return (tableCost + near + Math.exp(lnCost)) / 3
  }
}
