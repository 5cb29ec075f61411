import { type JudgedCounts, modelPosterior, type Posterior, type Prior, skillPosterior } from './posterior.ts'

/** How much better or worse a skill goes under one model than both alone would suggest. */
export interface SkillInteraction {
  /** In log-odds. */
  readonly shift: number
  /** Of the skill's log-odds under this model. */
  readonly variance: number
  /** Judged activations, older ones counting less; and as they are. */
  readonly weight: number
  readonly judged: number
}

/** Counts of a skill as a whole and by model family. */
export interface InteractingSkill {
  readonly total: JudgedCounts
  readonly byFamily: ReadonlyMap<string, JudgedCounts>
}

const modelDoubt = 20

/**
 * What skills and models make of each other, beyond what either does by itself: the model's own strength and the question are in a
 * router's estimates already, and what a skill does for every model tells nothing of which to choose.
 */
export function measureInteractions(
  prior: Prior,
  skills: ReadonlyMap<string, InteractingSkill>,
): (skill: string, family: string) => SkillInteraction | null {
  const strengths = new Map<string, JudgedCounts>()
  for (const { byFamily } of skills.values())
    for (const [family, { weight, passes, judged }] of byFamily) {
      const sums = strengths.get(family) ?? { weight: 0, passes: 0, judged: 0 }
      strengths.set(family, {
        weight: sums.weight + weight,
        passes: sums.passes + passes,
        judged: sums.judged + judged,
      })
    }
  const usual = Math.log(prior.mean / (1 - prior.mean))
  const strengthOf = ({ passes, weight }: JudgedCounts): number => {
    const rate = (passes + modelDoubt * prior.mean) / (weight + modelDoubt)
    return Math.log(rate / (1 - rate)) - usual
  }
  return (skill, family) => {
    const found = skills.get(skill)
    const counts = found?.byFamily.get(family)
    const model = strengths.get(family)
    if (found === undefined || counts === undefined || model === undefined || counts.judged === 0) return null
    const whole = skillPosterior(prior, found.total)
    const own = modelPosterior(whole, counts)
    const shift = logOdds(own) - logOdds(whole) - strengthOf(model)
    if (!Number.isFinite(shift)) return null
    return { shift, variance: 1 / own.a + 1 / own.b, weight: counts.weight, judged: counts.judged }
  }
}

function logOdds({ a, b }: Posterior): number {
  return Math.log(a / b)
}
