import { type AgreementCascade, findEnough } from '../cascade/agreement.ts'
import {
  type AgreementPlan,
  type CascadePlan,
  paysOff,
  planAgreement,
  planRungs,
} from '../cascade/cascade-plan.ts'
import { type Comparator, chooseComparator } from '../cascade/compare-answers.ts'
import type { VerificationTable } from '../cascade/self-verification.ts'
import type { ModelInfo, Scorer, Scores } from './scorer.ts'
import type { TrainedParts } from './trained-scorer.ts'

export interface CascadeOptions {
  /** Null asks for agreement where answers can be compared, else for validity. */
  readonly mode: 'agreement' | 'validity' | null
  /** Names of models, cheapest first; empty takes them by what they cost and how good they are. */
  readonly rungs: readonly string[]
  readonly mostRungs: number
  readonly confidence: number
  readonly comparator: Comparator | null
  readonly ignoredPaths: readonly string[]
  readonly buffersStreams: boolean
}

/**
 * The inner scorer's choice stands; beside it a plan of several calls, for requests that may be answered by them. Where answers can be
 * compared and no rungs are named, the cascade of the bundle decides whether one cheap model is enough.
 */
export function createCascadeScorer(
  inner: Scorer,
  options: CascadeOptions,
  trained: TrainedParts | null,
): Scorer {
  return {
    ...inner,
    name: 'llmrouter-cascade',
    score(features, context, models, out) {
      inner.score(features, context, models, out)
      const comparator = options.comparator ?? chooseComparator(features.text, context.shape)
      const learned = comparator === null ? null : learnedCascade(models, out, options, trained)
      const enough = learned === null ? null : findEnough(out.q, learned)
      if (enough !== null) {
        out.pool = [enough]
        out.reasons.push('cheap_model_is_enough')
        return
      }
      out.cascade = plan(models, out, options, comparator, learned)
      if (out.cascade === null) out.reasons.push('cascade_not_worth_it')
    },
  }
}

/** The cascade of the bundle by positions of the candidates; null where one of its models is none of them, or it would not pay. */
function learnedCascade(
  models: readonly ModelInfo[],
  { cost, pool, standIn }: Scores,
  { mode, rungs }: CascadeOptions,
  trained: TrainedParts | null,
): AgreementCascade | null {
  const cascade = trained?.bundle.cascade ?? null
  if (trained === null || cascade === null || mode === 'validity' || rungs.length > 0 || standIn !== null)
    return null
  const names = [cascade.first, cascade.second, cascade.strong].flatMap((column) => {
    const name = trained.bundle.weights.models[column]
    return name === undefined ? [] : [trained.labels[name] ?? name]
  })
  const [first, second, strong] = positionsOf(models, names).filter((at) => pool?.includes(at) ?? true)
  if (first === undefined || second === undefined || strong === undefined) return null
  const pair = (cost[first] as number) + (cost[second] as number)
  if (pair >= cascade.agreed * (cost[strong] as number)) return null
  return { first, second, strong, leastGain: cascade.leastGain }
}

function plan(
  models: readonly ModelInfo[],
  scores: Scores,
  { mode, rungs, mostRungs, confidence, ignoredPaths, buffersStreams }: CascadeOptions,
  comparator: Comparator | null,
  learned: AgreementCascade | null,
): CascadePlan | null {
  const named = positionsOf(models, rungs).filter((at) => scores.pool?.includes(at) ?? true)
  if (comparator !== null && mode !== 'validity') {
    const found = learned ?? (rungs.length === 0 ? planAgreement(models, scores) : threeOf(named))
    if (found !== null) {
      const { first, second, strong } = found
      return { mode: 'agreement', first, second, strong, comparator, ignoredPaths, buffersStreams }
    }
  }
  if (mode === 'agreement') return null
  const climbed = rungs.length === 0 ? planRungs(models, scores, mostRungs) : paysOff(named, scores)
  return climbed === null ? null : { mode: 'validity', rungs: climbed, confidence, buffersStreams }
}

function threeOf([first, second, strong, ...more]: readonly number[]): AgreementPlan | null {
  const isThree = first !== undefined && second !== undefined && strong !== undefined && more.length === 0
  return isThree ? { first, second, strong } : null
}

export interface VerifyOptions {
  /** Names; null takes the cheapest model, and the best one. */
  readonly small: string | null
  readonly large: string | null
  readonly samples: number
  readonly table: VerificationTable
  readonly buffersStreams: boolean
}

/** AutoMix (Aggarwal et al., 2023): the small model answers and judges its own answer; the large one answers if it is not sure. */
export function createVerifyScorer(
  inner: Scorer,
  { small, large, samples, table, buffersStreams }: VerifyOptions,
): Scorer {
  return {
    ...inner,
    name: 'llmrouter-automix',
    score(features, context, models, out) {
      inner.score(features, context, models, out)
      const [cheapest, best] = planRungs(models, out, 2) ?? []
      const smallAt = small === null ? cheapest : positionsOf(models, [small])[0]
      const largeAt = large === null ? best : positionsOf(models, [large])[0]
      if (smallAt === undefined || largeAt === undefined || smallAt === largeAt) {
        out.reasons.push('cascade_not_worth_it')
        return
      }
      out.cascade = {
        ...{ mode: 'verify', small: smallAt, large: largeAt },
        ...{ samples, table, buffersStreams },
      }
    },
  }
}

/** In the order of the names; those that are not among the candidates are left out. */
function positionsOf(models: readonly ModelInfo[], names: readonly string[]): readonly number[] {
  return names.flatMap((wanted) => {
    const at = models.findIndex(({ name, aliases }) => name === wanted || aliases.includes(wanted))
    return at < 0 ? [] : [at]
  })
}
