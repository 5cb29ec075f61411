import { headKinds } from '../heads/head-kinds.ts'
import { RewardTable } from '../online/reward-table.ts'
import type { Guarantee } from '../training/fit-guarantee.ts'
import { createBanditScorer } from './bandit-scorer.ts'
import { createBySizeScorer } from './by-size-scorer.ts'
import { createCapabilityScorer } from './capability-scorer.ts'
import { createCascadeScorer, createVerifyScorer } from './cascade-scorer.ts'
import { createCentroidScorer } from './centroid-scorer.ts'
import { createCostAwareScorer } from './cost-aware-scorer.ts'
import { createGuaranteeScorer } from './guarantee-scorer.ts'
import { createIntentScorer } from './intent-scorer.ts'
import { createLatencyScorer, createLeastUsedScorer, createPersonalizedScorer } from './live-scorers.ts'
import { priorScorer } from './prior-scorer.ts'
import { createRandomScorer } from './random-scorer.ts'
import {
  type Args,
  readAtLeastZero,
  readCapabilities,
  readCascade,
  readCount,
  readIntents,
  readName,
  readNumber,
  readNumbers,
  readShare,
  readSwitch,
  readTiers,
  readVerification,
  requireMap,
  requireRemote,
} from './read-arguments.ts'
import { readGroups, readRules } from './read-rules.ts'
import { createRemoteScorer } from './remote-scorer.ts'
import { createRulesScorer } from './rules-scorer.ts'
import type { Scorer } from './scorer.ts'
import { defaultStrategy, findStrategy, isServedElsewhere } from './strategy-catalogue.ts'
import { createTimelyCascadeScorer } from './timely-cascade-scorer.ts'
import { createEnsembleScorer, createHeadScorer, type TrainedParts } from './trained-scorer.ts'
import { createTwoModelScorer } from './two-model-scorer.ts'

const noRewards = new RewardTable()

/** What scorers are made from beside their arguments. */
export interface ScorerParts {
  /** The bundle in force; null without one. */
  readonly trained: TrainedParts | null
  /** False takes the shipped prior away: without a bundle the centroid then decides. */
  readonly usePrior: boolean
  /** What live outcomes came to, for strategies that learn from them; null where nothing is learned. */
  readonly rewards: (() => RewardTable) | null
}

/** A scorer, and why it is not the one that was asked for. */
export interface CreatedScorer {
  readonly scorer: Scorer
  readonly fallbackReason: 'strategy_not_available' | 'artifact_missing' | null
}

/** Makes the scorer a strategy name and its arguments ask for. Errors: throws what is wrong with an argument. */
export function createScorer(name: string, args: Args, parts: ScorerParts): CreatedScorer {
  const entry = findStrategy(name)
  if (entry !== null && isServedElsewhere(name, args)) {
    requireRemote(args)
    return { scorer: createRemoteScorer(createInner(args, parts), entry.name), fallbackReason: null }
  }
  if (entry === null || entry.status === 'not_available')
    return { scorer: createDefault(parts), fallbackReason: 'strategy_not_available' }
  const wanted = entry.implementedBy
  if (wanted === defaultStrategy && readPromise(args) !== null)
    return parts.trained === null
      ? { scorer: createDefault(parts), fallbackReason: 'artifact_missing' }
      : { scorer: guard(createDefault(parts), wanted, args, parts.trained), fallbackReason: null }
  if (!entry.needsArtifact) return { scorer: createUntrained(wanted, args, parts), fallbackReason: null }
  const scorer = createLearned(wanted, args, parts)
  return scorer === null
    ? { scorer: createDefault(parts), fallbackReason: 'artifact_missing' }
    : { scorer, fallbackReason: null }
}

/** With `mode: guarantee` a trained strategy keeps a promise about the mean in place of a profile. */
function guard(scorer: Scorer, strategy: string, args: Args, { bundle, labels }: TrainedParts): Scorer {
  const promise = readPromise(args)
  if (promise === null) return scorer
  const { models, meanScores } = bundle.weights
  const best = models[meanScores.indexOf(Math.max(...meanScores))] ?? ''
  return createGuaranteeScorer(scorer, {
    curve: bundle.heads.get(strategy)?.shortfalls ?? bundle.shortfalls,
    reference: labels[best] ?? best,
    ...promise,
  })
}

/** Null without `mode: guarantee`. */
function readPromise(args: Args): Guarantee | null {
  if (args['mode'] !== 'guarantee') return null
  return { epsilon: readShare(args, 'epsilon', 0.02), delta: readShare(args, 'delta', 0.1) }
}

function createDefault(parts: ScorerParts): Scorer {
  const { trained } = parts
  return trained === null ? untrainedDefault(parts) : createEnsembleScorer(trained, untrainedDefault(parts))
}

function untrainedDefault({ usePrior }: ScorerParts): Scorer {
  return usePrior ? priorScorer : createCentroid({})
}

/** The scorer that `inner_strategy` names, with `inner_args`, where it names one that chooses models; else the default. */
function createInner({ inner_strategy: name, inner_args: args }: Args, parts: ScorerParts): Scorer {
  const isOurs = typeof name === 'string' && findStrategy(name) !== null
  if (!isOurs) return createDefault(parts)
  return createScorer(name, args === undefined ? {} : requireMap(args, 'inner_args'), parts).scorer
}

/** Null when the bundle, or its part for this strategy, is missing; arguments are looked at all the same. */
function createLearned(name: string, args: Args, parts: ScorerParts): Scorer | null {
  const { trained } = parts
  const isPair = name === 'llmrouter-hybrid' || name === 'llmrouter-threshold'
  const learnedBy = isPair ? 'llmrouter-hybrid' : name
  if (trained === null || !trained.bundle.heads.has(learnedBy)) {
    headKinds.get(learnedBy)?.check?.(args)
    return null
  }
  const untrained = untrainedDefault(parts)
  if (isPair) return createTwoModelScorer(name, trained, args, untrained)
  return guard(createHeadScorer(name, trained, args, untrained), name, args, trained)
}

function createUntrained(name: string, args: Args, parts: ScorerParts): Scorer {
  switch (name) {
    case 'llmrouter-centroid':
      return createCentroid(args)
    case 'llmrouter-bandit':
      return createBanditScorer(createInner(args, parts), {
        rewards: parts.rewards ?? (() => noRewards),
        ...(args['cold_start_kappa'] !== undefined && {
          priorWeight: readNumber(args, 'cold_start_kappa', 0),
        }),
        delayWeight: readAtLeastZero(args, 'latency_weight'),
      })
    case 'llmrouter-smallest':
      return createBySizeScorer('smallest')
    case 'llmrouter-largest':
      return createBySizeScorer('largest')
    case 'llmrouter-random':
      return createRandomScorer(readNumbers(args['weights']))
    case 'llmrouter-rules':
      return createRulesScorer({
        name,
        rules: readRules(args['rules']),
        tiers: readTiers(args['tier_mapping']),
        inner: null,
      })
    case 'llmrouter-tag-regex-ua':
      return createRulesScorer({ name, rules: readGroups(args), tiers: {}, inner: createInner(args, parts) })
    case 'llmrouter-cost-aware':
      return createCostAwareScorer(createInner(args, parts), {
        qualityThreshold: readNumber(args, 'quality_threshold', 0.7),
        costWeight: readNumber(args, 'cost_weight', 0.7),
        maxCostPer1kTokens:
          args['max_cost_per_1k_tokens'] === undefined ? null : readNumber(args, 'max_cost_per_1k_tokens', 0),
      })
    case 'llmrouter-semantic-intent':
      return createIntentScorer(createInner(args, parts), {
        intents: readIntents(args['intent_model_groups']),
        similarityThreshold: readShare(args, 'similarity_threshold', 0.3),
      })
    case 'llmrouter-capability':
      return createCapabilityScorer(createInner(args, parts), readCapabilities(args))
    case 'llmrouter-latency-sla':
      return createLatencyScorer(createInner(args, parts), {
        targetMs: readNumber(args, 'p_latency_target_ms', 2_000),
        percentile: readShare(args, 'percentile', 0.95),
        samples: readCount(args, 'max_latency_samples', 256, 256),
      })
    case 'llmrouter-usage-based':
    case 'llmrouter-least-busy':
      return createLeastUsedScorer(createInner(args, parts), name)
    case 'llmrouter-cascade':
      return inTime(createCascadeScorer(createInner(args, parts), readCascade(args), parts.trained), args)
    case 'llmrouter-automix':
      return inTime(
        createVerifyScorer(createInner(args, parts), {
          small: readName(args, 'small'),
          large: readName(args, 'large'),
          samples: readCount(args, 'verifications', 8, 16),
          table: readVerification(args),
          buffersStreams: readSwitch(args, 'buffer_stream'),
        }),
        args,
      )
    case 'llmrouter-personalized':
      return createPersonalizedScorer(createInner(args, parts))
    default:
      return createDefault(parts)
  }
}

/** Held to `latency_budget_ms`, where it is given. */
function inTime(cascade: Scorer, args: Args): Scorer {
  if (args['latency_budget_ms'] === undefined) return cascade
  return createTimelyCascadeScorer(cascade, readAtLeastZero(args, 'latency_budget_ms'))
}

function createCentroid(args: Args): Scorer {
  return createCentroidScorer({
    confidenceThreshold: readNumber(args, 'confidence_threshold', 0.06),
    tiers: readTiers(args['tier_mapping']),
  })
}
