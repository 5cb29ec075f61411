import { nameDomains } from '../training/name-domains.ts'
import type { TrainingSet } from '../training/training-set.ts'
import { type HeadArgs, type HeadKind, readArgument, sigmoid, takeTensor, tensor } from './head.ts'
import { type ComparedModels, pairOutcomes } from './pair-outcomes.ts'

const penalty = 1e-3
const newtonSteps = 50
/** Points that a comparison while serving moves a rating by, at most. */
const [usualFactor, mostFactor] = [32, 400]
/** Battles' worth of the overall ratings in those of a domain. */
const domainShrink = 30
const eloScale = 400 / Math.LN10
const initial = 1_500

/**
 * Bradley–Terry ratings from every pair of models of which one did better on a row, overall and by domain. A model's quality is
 * its mean chance of winning, fitted to the mean scores by a straight line. While serving, answers of two models to the same ask move
 * their ratings in every domain by Elo's rule.
 */
export const eloHead: HeadKind = {
  strategy: 'llmrouter-elo',
  train(set, { args }) {
    const width = set.models.length
    const { names, labels } = nameDomains(set)
    const overall = countWins(set, () => true)
    const ratings = rate(overall, width)
    const perDomain = args['per_domain'] !== false
    const domains = names.map((_, domain): Float64Array => {
      if (!perDomain) return ratings
      const wins = countWins(set, (row) => labels[row] === domain)
      const battles = wins.reduce((sum, count) => sum + count, 0)
      // As if some of the battles of all domains had been fought here, too.
      const total = overall.reduce((sum, count) => sum + count, 0)
      const mixed = wins.map(
        (count, at) => count + (domainShrink * (overall[at] as number)) / Math.max(1, total),
      )
      return battles === 0 ? ratings : rate(mixed, width)
    })
    const line = fitLine(winRates(ratings), set.meanScores)
    return {
      ratings: tensor(
        [width],
        ratings.map((beta) => initial + eloScale * beta),
      ),
      domain_ratings: tensor(
        [names.length, width],
        domains.flatMap((own) => [...own.map((beta) => initial + eloScale * beta)]),
      ),
      line: tensor([2], [line.slope, line.offset]),
      qualities: tensor(
        [names.length, width],
        domains.flatMap((own) => [...qualitiesOf(own, line)]),
      ),
    }
  },
  check: readFactor,
  open(weights, { models, domains }, args) {
    const width = models.length
    const factor = readFactor(args)
    const { values: ratings } = takeTensor(weights, 'ratings', [width])
    const trained = takeTensor(weights, 'qualities', [domains.length, width]).values
    let table: ArrayLike<number> = trained
    // Bundles used to keep no ratings by domain.
    const canLearn = factor > 0 && weights['domain_ratings'] !== undefined
    return {
      ...(canLearn && {
        learn(outcomes) {
          const moved = playOn(ratings, pairOutcomes(outcomes), factor)
          const [slope = 0, offset = 0] = takeTensor(weights, 'line', [2]).values
          const own = takeTensor(weights, 'domain_ratings', [domains.length, width]).values
          table = domains.flatMap((_, domain) => {
            const betas = Float64Array.from(
              moved,
              (change, model) => ((own[domain * width + model] as number) + change - initial) / eloScale,
            )
            return [...qualitiesOf(betas, { slope, offset })]
          })
        },
      }),
      estimate(_point, { domainShares }, quality) {
        quality.fill(0)
        for (let domain = 0; domain < domainShares.length; domain++)
          for (let model = 0; model < width; model++)
            quality[model] =
              (quality[model] as number) +
              (domainShares[domain] as number) * (table[domain * width + model] as number)
      },
    }
  },
}

function readFactor(args: HeadArgs): number {
  return readArgument(args, 'k_factor', usualFactor, [0, mostFactor])
}

/** How far comparisons, oldest first, move every rating off what training said. */
function playOn(ratings: Float32Array, pairs: readonly ComparedModels[], factor: number): Float64Array {
  const moved = new Float64Array(ratings.length)
  const ratingOf = (model: number): number => (ratings[model] as number) + (moved[model] as number)
  for (const { one, other, share, weight } of pairs) {
    const chance = sigmoid((ratingOf(one) - ratingOf(other)) / eloScale)
    const change = factor * weight * (share - chance)
    moved[one] = (moved[one] as number) + change
    moved[other] = (moved[other] as number) - change
  }
  return moved
}

function qualitiesOf(beta: Float64Array, { slope, offset }: Line): Float64Array {
  return winRates(beta).map((rate) => offset + slope * rate)
}

/** How often model a (row) did better than model b (column). */
function countWins(set: TrainingSet, counts: (row: number) => boolean): Float64Array {
  const width = set.models.length
  const wins = new Float64Array(width * width)
  for (let row = 0; row < set.size; row++) {
    if (!counts(row)) continue
    for (let one = 0; one < width; one++)
      for (let other = 0; other < width; other++) {
        const [left, right] = [row * width + one, row * width + other]
        if ((set.scores[left] as number) <= (set.scores[right] as number)) continue
        const weight = Math.min(set.weights[left] as number, set.weights[right] as number)
        wins[one * width + other] = (wins[one * width + other] as number) + weight
      }
  }
  return wins
}

/** Maximum likelihood with a small penalty, by Newton's method with the diagonal of the Hessian; centred. */
function rate(wins: Float64Array, width: number): Float64Array {
  const beta = new Float64Array(width)
  for (let step = 0; step < newtonSteps; step++)
    for (let model = 0; model < width; model++) {
      let gradient = -penalty * (beta[model] as number)
      let curvature = penalty
      for (let other = 0; other < width; other++) {
        const won = wins[model * width + other] as number
        const lost = wins[other * width + model] as number
        const chance = sigmoid((beta[model] as number) - (beta[other] as number))
        gradient += won - (won + lost) * chance
        curvature += (won + lost) * chance * (1 - chance)
      }
      const change = Math.max(-1, Math.min(1, gradient / curvature))
      beta[model] = (beta[model] as number) + change
    }
  const mean = beta.reduce((sum, value) => sum + value, 0) / width
  return beta.map((value) => value - mean)
}

/** Mean chance of winning against every model, itself included. */
function winRates(beta: Float64Array): Float64Array {
  return beta.map((own) => beta.reduce((sum, other) => sum + sigmoid(own - other), 0) / beta.length)
}

interface Line {
  readonly slope: number
  readonly offset: number
}

function fitLine(from: Float64Array, to: Float64Array): Line {
  const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length
  const [fromMean, toMean] = [mean(from), mean(to)]
  let products = 0
  let squares = 0
  from.forEach((value, at) => {
    products += (value - fromMean) * ((to[at] as number) - toMean)
    squares += (value - fromMean) ** 2
  })
  const slope = squares > 1e-12 ? products / squares : 0
  return { slope, offset: toMean - slope * fromMean }
}
