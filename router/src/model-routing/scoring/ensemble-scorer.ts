import { openEnsemble } from '../bundle/open-ensemble.ts'
import type { TrainedBundle } from '../bundle/trained-bundle.ts'
import { createPoint, project } from '../features/feature-space.ts'
import { callCost, usualCostRef, usualOutputTokens } from './call-cost.ts'
import type { Ensemble, EnsembleOutput } from './ensemble.ts'
import { componentOf, unknownSigma } from './prior-scorer.ts'
import type { ModelInfo, RouteContext, Scorer, Scores } from './scorer.ts'

const unknownQuality = 0.6
/** Models of which the dearer costs at most so many times the other are like each other. */
const likePrice = 2

/** The default strategy, trained. `labels` maps models of the bundle to our own names. */
export function createEnsembleScorer(
  bundle: TrainedBundle,
  version: string,
  labels: Readonly<Record<string, string>> = {},
): Scorer {
  const ensemble = openEnsemble(bundle)
  const point = createPoint()
  const columns = new Map(bundle.weights.models.map((name, at) => [labels[name] ?? name, at]))
  return {
    name: 'llmrouter-auto',
    version,
    needs: ['text', 'artifact'],
    score(features, context, models, out) {
      project(features, bundle.weights.space, point)
      const found = ensemble.predict(point)
      const positions = models.map((model) => columnOf(columns, model))
      const parts = {
        global: componentOf(out, 'global', models.length),
        domain: componentOf(out, 'domain', models.length),
        knn: componentOf(out, 'knn', models.length),
        ridge: componentOf(out, 'ridge', models.length),
      }
      models.forEach((model, at) => {
        const column = positions[at] ?? -1
        if (column >= 0) fillKnown({ bundle, ensemble, found, context, model, column }, at, out, parts)
        else fillUnknown(bundle, columns, context, models, at, out, parts.global)
      })
      out.costRef = bundle.costRefUsd
      out.maxSimilarity = found.maxSimilarity
      out.noveltyThreshold = bundle.noveltyThreshold
      out.domain = guessDomain(bundle, found)
    },
  }
}

function columnOf(columns: ReadonlyMap<string, number>, { name, aliases }: ModelInfo): number {
  const own = columns.get(name)
  if (own !== undefined) return own
  for (const alias of aliases) {
    const column = columns.get(alias)
    if (column !== undefined) return column
  }
  return -1
}

interface Known {
  readonly bundle: TrainedBundle
  readonly ensemble: Ensemble
  readonly found: EnsembleOutput
  readonly context: RouteContext
  readonly model: ModelInfo
  readonly column: number
}

type Parts = Readonly<Record<'global' | 'domain' | 'knn' | 'ridge', Float64Array>>

function fillKnown(
  { bundle, found, context, model, column }: Known,
  at: number,
  out: Scores,
  parts: Parts,
): void {
  const mean = bundle.weights.meanScores[column] as number
  const { slope } = bundle.weights
  parts.global[at] = mean
  parts.domain[at] = (slope * ((found.domain[column] as number) - mean)) / 4
  parts.knn[at] = (slope * ((found.neighbours[column] as number) - mean)) / 4
  parts.ridge[at] = (slope * ((found.linear[column] as number) - mean)) / 2
  out.q[at] = found.quality[column] as number
  out.sigma[at] = found.sigma[column] as number
  out.nEff[at] = found.effective
  out.mean[at] = mean
  const tokens = expectedOutput(bundle, found, column)
  out.cost[at] = (tokens === null ? null : callCost(model, context, tokens)) ?? (found.cost[column] as number)
}

/** Tokens of an answer of this model to an ask of these domains; null when training did not tell. */
function expectedOutput(
  { outputTokens, weights }: TrainedBundle,
  { domainShares }: EnsembleOutput,
  column: number,
): number | null {
  if (outputTokens === null) return null
  let tokens = 0
  for (let domain = 0; domain < domainShares.length; domain++)
    tokens +=
      (domainShares[domain] as number) * (outputTokens[domain * weights.models.length + column] as number)
  return tokens
}

/** A model the bundle has not seen is neither banned nor favoured: it counts as good as those of its price. */
function fillUnknown(
  bundle: TrainedBundle,
  columns: ReadonlyMap<string, number>,
  context: RouteContext,
  models: readonly ModelInfo[],
  at: number,
  out: Scores,
  global: Float64Array,
): void {
  const model = models[at]
  if (model === undefined) return
  const like = models.flatMap((other) => {
    const column = columnOf(columns, other)
    return column >= 0 && costsAlike(model, other) ? [bundle.weights.meanScores[column] as number] : []
  })
  const quality =
    model.qualityScore ??
    (like.length === 0 ? unknownQuality : like.reduce((sum, score) => sum + score, 0) / like.length)
  const cost = callCost(model, context, usualOutputTokens)
  if (cost === null && !out.reasons.includes('price_unknown')) out.reasons.push('price_unknown')
  global[at] = quality
  out.q[at] = quality
  out.mean[at] = quality
  out.sigma[at] = unknownSigma
  out.nEff[at] = 0
  out.cost[at] = cost ?? Math.max(bundle.costRefUsd, usualCostRef(models))
}

function costsAlike(one: ModelInfo, other: ModelInfo): boolean {
  const [left, right] = [one.outputPrice, other.outputPrice]
  if (left === null || right === null || left <= 0 || right <= 0) return false
  return Math.max(left, right) / Math.min(left, right) <= likePrice
}

function guessDomain({ weights }: TrainedBundle, { domainShares }: EnsembleOutput): Scores['domain'] {
  const ranked = Array.from(domainShares, (p, at) => ({ label: weights.domains[at] ?? 'other', p }))
  ranked.sort((left, right) => right.p - left.p)
  const [first] = ranked
  if (first === undefined) return null
  return { label: first.p < 0.3 ? 'other' : first.label, p: first.p, top3: ranked.slice(0, 3) }
}
