import type { Features } from '../features/features.ts'
import { callCost, usualCostRef, usualOutputTokens } from './call-cost.ts'
import { judgeComplexity } from './complexity.ts'
import { otherDifficulty, priorDomains } from './domain-prior.ts'
import { modelStrength } from './model-strength.ts'
import type { ModelInfo, RouteContext, Scorer, Scores } from './scorer.ts'

/** Estimates of a model nobody has measured are this uncertain. */
export const unknownSigma = 0.25

const domainOfWord = new Map(
  priorDomains.flatMap(({ words }, position) => words.map((word) => [word, position] as const)),
)
/** Weight of the belief in no domain, in words. */
const otherWords = 0.75

/** The default router without training: how hard the ask is, and how good a model of this price probably is. */
export const priorScorer: Scorer = {
  name: 'llmrouter-auto',
  version: 'prior-1',
  needs: ['text'],
  score(features: Features, context: RouteContext, models: readonly ModelInfo[], out: Scores): void {
    const shares = guessDomains(features.text)
    const complexity = judgeComplexity(features)
    const byDomain = priorDomains.reduce(
      (sum, { difficulty }, position) => sum + (shares[position] as number) * difficulty,
      otherDifficulty * (shares[priorDomains.length] as number),
    )
    const agentic = context.shape.tools > 0 ? 0.2 : 0
    const difficulty = Math.min(1, 0.6 * byDomain + 0.6 * complexity.score + agentic)
    // A weak model fails the hard part of its questions and hardly any of the easy ones.
    const exposure = Math.min(1, 0.002 + 1.4 * Math.max(0, difficulty - 0.15) ** 1.2)
    const reasoning = complexity.tier === 'reasoning'
    const dearest = usualCostRef(models)
    const shift = componentOf(out, 'domain', models.length)
    models.forEach((model, at) => {
      const strength = Math.min(0.95, modelStrength(model) + (reasoning && model.reasons ? 0.05 : 0))
      out.mean[at] = strength
      const quality = 1 - (1 - strength) * exposure
      shift[at] = quality - strength
      out.q[at] = quality
      out.sigma[at] = unknownSigma
      out.nEff[at] = 0
      const cost = callCost(model, context, usualOutputTokens)
      out.cost[at] = cost ?? dearest
      if (cost === null && !out.reasons.includes('price_unknown')) out.reasons.push('price_unknown')
    })
    out.components.set('global', out.mean.slice())
    out.costRef = dearest
    out.domain = describe(shares)
  },
}

/** The component of that name, zeroed. */
export function componentOf(
  out: Scores,
  name: string,
  size: number,
  vector: () => Float64Array = () => new Float64Array(size),
): Float64Array {
  const known = out.components.get(name)
  if (known !== undefined && known.length === size) return known.fill(0)
  const made = vector()
  out.components.set(name, made)
  return made
}

function guessDomains(text: string): Float64Array {
  const hits = new Float64Array(priorDomains.length + 1)
  hits[priorDomains.length] = otherWords
  let total = otherWords
  for (const word of text.match(/\p{L}+/gu) ?? []) {
    const position = domainOfWord.get(word)
    if (position === undefined) continue
    hits[position] = (hits[position] as number) + 1
    total++
  }
  return hits.map((count) => count / total)
}

function describe(shares: Float64Array): Scores['domain'] {
  const ranked = [...shares]
    .map((p, position) => ({ label: priorDomains[position]?.label ?? 'other', p }))
    .sort((left, right) => right.p - left.p)
  const [first] = ranked
  if (first === undefined) return null
  return { label: first.p < 0.3 ? 'other' : first.label, p: first.p, top3: ranked.slice(0, 3) }
}
