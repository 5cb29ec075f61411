import { openEnsemble, openHead } from '../bundle/open-ensemble.ts'
import type { TrainedBundle } from '../bundle/trained-bundle.ts'
import { createPoint, type Point, project } from '../features/feature-space.ts'
import type { HeadArgs } from '../heads/head.ts'
import { callCost, usualCostRef, usualOutputTokens } from './call-cost.ts'
import type { Estimates } from './ensemble.ts'
import { explainAsk } from './explain-ask.ts'
import { componentOf, priorScorer, unknownSigma } from './prior-scorer.ts'
import type { ModelInfo, RouteContext, Scorer, Scores } from './scorer.ts'
import { shareMemory } from './share-memory.ts'
import { defaultStrategy } from './strategy-catalogue.ts'

const unknownQuality = 0.6
/** Models of which the dearer costs at most so many times the other are like each other. */
const likePrice = 2

/** What a trained strategy is served from. */
export interface TrainedParts {
  readonly bundle: TrainedBundle
  /** For decisions and comparison. */
  readonly version: string
  /** Models of the bundle → our own names. */
  readonly labels: Readonly<Record<string, string>>
}

/** The default strategy, trained. `untrained` scores where the bundle knows none of the candidates. */
export function createEnsembleScorer(parts: TrainedParts, untrained: Scorer = priorScorer): Scorer {
  const ensemble = openEnsemble(parts.bundle)
  return createTrainedScorer(defaultStrategy, parts, (point) => ensemble.predict(point), untrained)
}

/** Another strategy of the bundle, or a part of one called `name`. Errors: throws when the bundle lacks it, or what is wrong with an argument. */
export function createHeadScorer(
  strategy: string,
  parts: TrainedParts,
  args: HeadArgs,
  untrained: Scorer = priorScorer,
  name: string = strategy,
): Scorer {
  const predictor = openHead(parts.bundle, strategy, args)
  const { head } = predictor
  const predict: Predict = (point, team) => predictor.predict(point, team)
  const scorer = createTrainedScorer(name, parts, predict, untrained, head.lambda ?? null)
  if (head.learn === undefined) return scorer
  const columns = columnsOf(parts)
  return {
    ...scorer,
    needs: [...scorer.needs, 'state'],
    absorb: (outcomes) =>
      head.learn?.(
        outcomes.flatMap(({ features, model, team, weight, score }) => {
          const column = columns.get(model)
          if (column === undefined) return []
          const point = createPoint(features.size)
          project(features, parts.bundle.weights.space, point)
          return [{ point, model: column, team, weight, score }]
        }),
      ),
  }
}

/** Columns of the bundle by our own names of its models. */
function columnsOf({ bundle, labels }: TrainedParts): ReadonlyMap<string, number> {
  return new Map(bundle.weights.models.map((model, at) => [labels[model] ?? model, at]))
}

/** What is expected of an ask of a team. */
type Predict = (point: Point, team: string | null) => Estimates

function createTrainedScorer(
  name: string,
  parts: TrainedParts,
  predict: Predict,
  untrained: Scorer,
  lambda: number | null = null,
): Scorer {
  const { bundle, version } = parts
  const point = createPoint()
  const columns = columnsOf(parts)
  return {
    name,
    version,
    needs: ['text', 'artifact'],
    explain(features, selected, other) {
      const [one, two] = [columns.get(selected), columns.get(other)]
      return one === undefined || two === undefined ? null : explainAsk(bundle, features, one, two)
    },
    score(features, context, models, out) {
      // Estimates of strangers alone would tell them apart by price and by nothing that was asked.
      if (!models.some((model) => columnOf(columns, model) >= 0)) {
        untrained.score(features, context, models, out)
        const { name: strategy, version: itsVersion } = untrained
        out.standIn = { of: name, strategy, version: itsVersion, reason: 'models_unknown' }
        return
      }
      project(features, bundle.weights.space, point)
      const found = predict(point, context.team)
      const vector = shareMemory(found.parts.size + 1, models.length)
      const global = componentOf(out, 'global', models.length, vector)
      const components = [...found.parts].map(([part, values]) => ({
        values,
        out: componentOf(out, part, models.length, vector),
      }))
      models.forEach((model, at) => {
        const column = columnOf(columns, model)
        if (column < 0) {
          fillUnknown(bundle, columns, context, models, at, out, global)
          return
        }
        fillKnown({ bundle, found, context, model, column }, at, out)
        global[at] = out.mean[at] as number
        for (const part of components) part.out[at] = part.values[column] as number
      })
      out.lambda = lambda
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
  readonly found: Estimates
  readonly context: RouteContext
  readonly model: ModelInfo
  readonly column: number
}

function fillKnown({ bundle, found, context, model, column }: Known, at: number, out: Scores): void {
  out.q[at] = found.quality[column] as number
  out.sigma[at] = found.sigma[column] as number
  out.nEff[at] = found.effective
  out.mean[at] = bundle.weights.meanScores[column] as number
  const tokens = expectedOutput(bundle, found, column)
  out.cost[at] = (tokens === null ? null : callCost(model, context, tokens)) ?? (found.cost[column] as number)
}

/** Tokens of an answer of this model to an ask of these domains; null when training did not tell. */
function expectedOutput(
  { outputTokens, weights }: TrainedBundle,
  { domainShares }: Estimates,
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

function guessDomain({ weights }: TrainedBundle, { domainShares }: Estimates): Scores['domain'] {
  const ranked = weights.domains.map((label, at) => ({ label, p: domainShares[at] as number }))
  ranked.sort((left, right) => right.p - left.p)
  const [first] = ranked
  if (first === undefined) return null
  return { label: first.p < 0.3 ? 'other' : first.label, p: first.p, top3: ranked.slice(0, 3) }
}
