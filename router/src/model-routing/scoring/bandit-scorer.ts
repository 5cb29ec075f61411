import { drawBeta } from '../online/draw-beta.ts'
import type { RewardTable } from '../online/reward-table.ts'
import { judgeComplexity } from './complexity.ts'
import { componentOf } from './prior-scorer.ts'
import type { ModelInfo, RouteContext, Scorer } from './scorer.ts'

/** How many outcomes the inner scorer's estimate is worth: of a model nobody has measured, and of one that was trained. */
const untrainedWeight = 5
const trainedWeight = 250
/** Draws are as narrow as if there were so many times the outcomes: full ones cost more than they find out. */
const usualSharpness = 40
/** How many outcomes a model's record over all kinds of asks is worth for one kind. */
const modelWeight = 6

export interface BanditOptions {
  /** What live outcomes came to; asked at every decision. */
  readonly rewards: () => RewardTable
  /** How many outcomes the inner estimate is worth, in place of what it is worth as a rule. */
  readonly priorWeight?: number
  /** Draws are as narrow as if there were so many times the outcomes. */
  readonly sharpness?: number
  /** Quality given up for answers that begin at once, in place of those of the slowest candidate; 0 as a rule. */
  readonly delayWeight?: number
}

/**
 * Hierarchical Thompson sampling: the inner scorer's estimates as priors, outcomes by kind of ask and model on top, and one draw
 * of each model's quality from what is then believed. Learns quality only; money enters by the rule.
 */
export function createBanditScorer(inner: Scorer, options: BanditOptions): Scorer {
  const sharpness = options.sharpness ?? usualSharpness
  return {
    name: 'llmrouter-bandit',
    version: inner.version,
    needs: ['text', 'state'],
    score(features, context, models, out) {
      inner.score(features, context, models, out)
      const table = options.rewards()
      const { tier } = judgeComplexity(features)
      const domain = out.domain?.label ?? 'other'
      const beliefs = models.map(({ name }, at) => {
        const cell = table.cell(domain, tier, name)
        const model = table.model(name)
        const total = model.successes + model.failures
        const share = total === 0 ? 0 : modelWeight / total
        const q = Math.max(0, Math.min(1, out.q[at] as number))
        const usualWeight = (out.nEff[at] as number) > 0 ? trainedWeight : untrainedWeight
        const kappa = (options.priorWeight ?? usualWeight) * table.trustIn(name)
        return {
          a: Math.max(1e-3, kappa * q + cell.successes + share * model.successes),
          b: Math.max(1e-3, kappa * (1 - q) + cell.failures + share * model.failures),
          kappa,
        }
      })
      const base = Float64Array.from(models, (_, at) => out.q[at] as number)
      const online = componentOf(out, 'online', models.length)
      const draw = (): void =>
        beliefs.forEach(({ a, b }, at) => {
          out.q[at] = drawBeta(sharpness * a, sharpness * b, context.random)
        })
      draw()
      beliefs.forEach(({ a, b, kappa }, at) => {
        online[at] = (out.q[at] as number) - (base[at] as number)
        out.sigma[at] = Math.sqrt((a * b) / ((a + b) ** 2 * (a + b + 1)))
        out.nEff[at] = a + b - kappa
      })
      out.delay = delaysOf(context, models, options.delayWeight ?? 0)
      out.redraw = draw
      out.reasons.push('thompson')
    },
  }
}

const usualShare = 0.5
const samples = 256

/**
 * What waiting for each model takes from its utility: the weight times its median time to the first byte, as a share of the slowest
 * candidate's. Who has no record waits like the mean of the others. Null where nothing counts, or nobody has a record.
 */
function delaysOf({ live }: RouteContext, models: readonly ModelInfo[], weight: number): Float64Array | null {
  if (weight === 0) return null
  const times = models.map(({ name }) => live.latencyMs(name, usualShare, samples))
  const known = times.filter((time) => time !== null)
  const slowest = Math.max(...known, 0)
  if (slowest === 0) return null
  const mean = known.reduce((sum, time) => sum + time, 0) / known.length
  return Float64Array.from(times, (time) => (weight * (time ?? mean)) / slowest)
}
