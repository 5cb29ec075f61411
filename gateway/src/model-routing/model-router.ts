import { createHash } from 'node:crypto'
import {
  createScorer,
  createSeededRandom,
  type DecisionInput,
  decideModel,
  type EffectivenessSnapshot,
  FeatureExtractor,
  type ModelDecision,
  type ModelInfo,
  modelFamilyOf,
  type Profile,
  type RemoteAdvice,
  type RouteContext,
  type Scores,
  type SkillShift,
  shiftBySkills,
  shiftQualities,
  storeFeatures,
} from '@routeiq/router'
import type { ModelRoutingConfig } from '../config/config.ts'
import { estimateInputTokens } from '../pricing/estimate-tokens.ts'
import { ArmStates } from './arm-states.ts'
import { type Assignment, assignVariant } from './experiments/assign-variant.ts'
import type { ExperimentBook } from './experiments/experiment-book.ts'
import type { LearnedOutcomes } from './learned-outcomes.ts'
import type { ModelChoice } from './model-choice.ts'
import { describeArm } from './model-info.ts'
import { continuePin, type Pins } from './pins.ts'
import { type PlacedModel, placeModel } from './place-model.ts'
import type { Ask } from './read-ask.ts'
import { type AskRemote, findRemote } from './remote-strategy.ts'
import type { RouteAsked } from './route-asked.ts'
import type { ResolvedScorer, Scorers } from './scorers.ts'
import { type TrafficWatches, WatchedTraffic } from './watched-traffic.ts'

const noArgs = {}

export interface ModelRouterOptions extends TrafficWatches {
  readonly scorers: Scorers
  readonly pins: Pins
  /** What live outcomes taught; null where nothing is learned. */
  readonly outcomes: Pick<LearnedOutcomes, 'residualsFor' | 'biasesOf' | 'lastRead'> | null
  /** How the skills of a workspace have gone, by model; null where nobody knows. */
  readonly skills: ((workspaceId: string) => SkillKnowledge) | null
  /** Experiments under way, and what they led to; null where there are none. */
  readonly experiments: Pick<ExperimentBook, 'runningFor' | 'appliedFor'> | null
  readonly isKilled: () => boolean
  /** Asks strategies that are served elsewhere. */
  readonly askRemote: AskRemote
  /** Hears of a strategy that could not score. */
  readonly onScorerFailed: (strategy: string, error: unknown) => void
  readonly randomBytes: (size: number) => Buffer
}

/** Chooses one of several models for a request: features, scores, one rule, and the conversation's pin. In memory alone. */
export class ModelRouter {
  readonly #options: ModelRouterOptions
  readonly #extractor = new FeatureExtractor()

  constructor(options: ModelRouterOptions) {
    this.#options = options
  }

  /** What the strategy says, where it is served elsewhere; null where it is not. */
  advise(
    { routed, overrides, arms, ask }: RouteAsked,
    { killSwitch }: ModelRoutingConfig,
  ): Promise<RemoteAdvice | null> | null {
    const remote = overrides.strategy === null ? findRemote(routed.args) : null
    if (remote === null || killSwitch || this.#options.isKilled()) return null
    return this.#options.askRemote(remote, { query: ask.text, models: arms.map(({ name }) => name) })
  }

  choose(asked: RouteAsked, config: ModelRoutingConfig): ModelChoice {
    const startedAt = performance.now()
    const { source, text, inToolLoop, expected } = asked.ask
    const decisionId = `dc_${this.#options.randomBytes(12).toString('hex')}`
    const experiment = this.#assign(asked, config)
    const input = this.#prepare(asked, config, experiment, decisionId)
    const features = this.#extractor.extract(asked.ask.text, asked.ask.shape)
    const extractedAt = performance.now()
    const decision = this.#decide(input, features)
    const scoredAt = performance.now()
    const { skills, resolved } = input.noted
    const bundleId = bundleBehind(resolved, decision.scores)
    // Copied before the hold, which may look at another ask.
    const stored = storeFeatures(features)
    const key = keyIn(asked.conversationKey, experiment)
    const placed = placeModel(
      {
        ...{ asked, decision, bundleId, conversationKey: key },
        isStatic: resolved.isStatic,
        pins: this.#options.pins,
        firstChoice: () => this.#firstChoice(input),
        random: input.random,
      },
      config,
    )
    const order = [placed.at, ...decision.order.filter((other) => other !== placed.at)].map(
      (position) => decision.models[position]?.name ?? '',
    )
    const [chosen = ''] = order
    if (!asked.dryRun && key !== null)
      this.#options.pins.set(
        key,
        continuePin(placed.pin, { arm: chosen, tier: decision.tier, bundleId }, asked.now),
      )
    const fallbackReason = resolved.fallbackReason ?? decision.fallbackReason
    return {
      decisionId,
      snapshotId: `${asked.configVersion}@${this.#options.outcomes?.lastRead ?? 0}`,
      routed: asked.routed,
      cascade: resolved.isStatic || inToolLoop ? null : decision.scores.cascade,
      order,
      chosen,
      decision,
      requestedStrategy: resolved.requested,
      fallbackReason,
      profile: decision.profile,
      bundleId,
      explanation: asked.dryRun ? this.#explain(asked.ask, resolved, order) : null,
      affinity: placed.affinity,
      experiment,
      filtered: asked.filtered,
      skills,
      reasons: explain(decision, placed, resolved, fallbackReason),
      propensities: placed.propensities,
      propensity: placed.propensity,
      propensityMethod: placed.propensityMethod,
      explored: placed.explored,
      ignored: asked.overrides.ignored,
      shadow: asked.dryRun ? null : this.#shadow(input, config),
      features: stored,
      ask: { source, text, chars: text.length, inToolLoop, expected },
      timings: {
        filterUs: asked.filterUs,
        featuresUs: (extractedAt - startedAt) * 1_000,
        scoreUs: (scoredAt - extractedAt) * 1_000,
        totalUs: (performance.now() - startedAt) * 1_000,
      },
    }
  }

  #prepare(
    asked: RouteAsked,
    config: ModelRoutingConfig,
    experiment: Assignment | null,
    decisionId: string,
  ): ChoiceInput {
    const random = createSeededRandom(createHash('sha256').update(decisionId).digest())
    const { skillShift, personal } = config
    return {
      ...{ asked, skillShift, personal },
      profile: asked.overrides.profile ?? asked.routed.profile ?? config.defaultProfile,
      random: () => random.next(),
      noted: { skills: [], resolved: this.#resolve(asked, config, experiment) },
    }
  }

  /** A scorer that fails costs no request its answer: any candidate is taken, and the failure is told. */
  #decide(input: ChoiceInput, features: DecisionInput['features']): ModelDecision {
    const { resolved } = input.noted
    try {
      return decideModel(this.#describe(input, features))
    } catch (error) {
      this.#options.onScorerFailed(resolved.requested, error)
      input.noted.resolved = { ...resolved, ...shuffled }
      return decideModel(this.#describe(input, features))
    }
  }

  /** Costs more than the decision, so only questions get it. */
  #explain(
    { text, shape }: Ask,
    { scorer }: ResolvedScorer,
    [selected, other]: readonly string[],
  ): ModelChoice['explanation'] {
    if (selected === undefined || other === undefined) return null
    return scorer.explain?.(this.#extractor.extract(text, shape), selected, other) ?? null
  }

  /**
   * The variant of the experiment under way, else of the configured one. A caller that chose a strategy, and a name that an
   * operator gave one of its own, take part in none.
   */
  #assign({ routed, overrides, unit }: RouteAsked, { experiment }: ModelRoutingConfig): Assignment | null {
    if (overrides.strategy !== null || routed.isOwnStrategy) return null
    const running = this.#options.experiments?.runningFor(routed.name) ?? experiment
    return running === null ? null : assignVariant(running, { ...unit, model: routed.name })
  }

  /** What other strategies would choose, for after the answer; null where none is drawn. */
  #shadow(input: ChoiceInput, { shadows, usePrior }: ModelRoutingConfig): ModelChoice['shadow'] {
    const drawn = shadows.filter(({ sample }) => input.random() < sample)
    if (drawn.length === 0) return null
    return () =>
      drawn.map(({ strategy, args }) => {
        const noted = { skills: [], resolved: this.#options.scorers.resolve(strategy, args, usePrior) }
        const { text, shape } = input.asked.ask
        const decision = this.#decide({ ...input, noted }, this.#extractor.extract(text, shape))
        const at = decision.order[0] ?? 0
        return {
          strategy,
          ran: decision.strategy,
          model: decision.models[at]?.name ?? '',
          quality: decision.scores.q[at] ?? 0,
          costUsd: decision.scores.cost[at] ?? 0,
        }
      })
  }

  #resolve(
    { routed, overrides, advice }: RouteAsked,
    config: ModelRoutingConfig,
    experiment: Assignment | null,
  ): ResolvedScorer {
    const other = overrides.strategy ?? experiment?.variant.strategy ?? null
    const approved = routed.isOwnStrategy
      ? null
      : (this.#options.experiments?.appliedFor(routed.name) ?? null)
    const strategy = other ?? approved ?? routed.strategy
    const args = strategy === routed.strategy ? routed.args : noArgs
    const known = this.#options.scorers.resolve(strategy, args, config.usePrior)
    const isUnanswered = advice === null && known.scorer.needs.includes('remote')
    const resolved = isUnanswered ? { ...known, fallbackReason: 'remote_unavailable' } : known
    return config.killSwitch || this.#options.isKilled() ? { ...resolved, isStatic: true } : resolved
  }

  #describe(
    { asked, profile, random, noted, skillShift, personal }: ChoiceInput,
    features: DecisionInput['features'],
  ): DecisionInput {
    const { ask, routed, overrides } = asked
    const { resolved } = noted
    const biases = this.#options.outcomes?.biasesOf(asked.workspaceId, asked.userId) ?? null
    const context: RouteContext = {
      inputTokens: estimateInputTokens(asked.bodyBytes),
      maxTokens: ask.shape.maxTokens,
      shape: ask.shape,
      tags: asked.tags,
      userAgent: asked.userAgent,
      tools: [...ask.expected.tools.keys()],
      team: asked.team,
      advice: asked.advice,
      live: new ArmStates(asked.arms, asked.now, biases, this.#watch(asked, resolved)),
      random,
    }
    const models = asked.arms.map(describeArm)
    return {
      features,
      context,
      models,
      scorer: resolved.scorer,
      profile,
      isProfileAsked: overrides.profile !== null,
      lambda: overrides.lambda ?? routed.lambda,
      fitted: resolved.fitted,
      maxCost: overrides.maxCost,
      adjust: (scores, domain) => {
        // The bandit has what was learned in its draws already.
        if (scores.redraw === null)
          this.#options.outcomes
            ?.residualsFor(bundleBehind(resolved, scores) ?? '')
            ?.adjust(scores, models, domain ?? 'other')
        if (scores.redraw === null && asked.skills.length > 0 && skillShift)
          noted.skills = this.#shiftBySkills(asked, scores, models)
        // The strategy that is about users has them in its estimates already.
        if (personal && biases !== null && !scores.components.has('user'))
          shiftQualities(
            scores,
            'user',
            models.map(({ name }) => biases.get(name) ?? 0),
          )
      },
    }
  }

  #watch({ routed }: RouteAsked, { bundleId }: ResolvedScorer): WatchedTraffic {
    return new WatchedTraffic(this.#options, routed.name, bundleId)
  }

  /** What the offered skills do under each model. */
  #shiftBySkills(
    { skills, workspaceId }: RouteAsked,
    scores: Scores,
    models: readonly ModelInfo[],
  ): readonly SkillShift[] {
    const known = this.#options.skills?.(workspaceId) ?? null
    if (known === null) return []
    const families = models.map(({ name, aliases }) => modelFamilyOf(aliases[0] ?? name))
    return shiftBySkills(
      scores,
      skills.map(({ name, version, isInjected }) => ({
        ...{ name, version },
        chance: isInjected ? 1 : known.activationChance(name),
        lift: known.lift(name),
        interactions: families.map((family) => known.interaction(name, family)),
      })),
    )
  }

  /** What any process would have chosen for the first turn, for conversations that began elsewhere. */
  #firstChoice(input: ChoiceInput): string | null {
    const { ask } = input.asked
    const shape = { ...ask.shape, turns: 1, inToolLoop: false }
    const features = this.#extractor.extract(ask.firstText, shape)
    const decision = this.#decide(input, features)
    return decision.models[decision.order[0] ?? 0]?.name ?? null
  }
}

/** Who is assigned to a variant begins a conversation anew with it. */
function keyIn(conversationKey: string | null, experiment: Assignment | null): string | null {
  if (conversationKey === null || experiment === null) return conversationKey
  return `${conversationKey}:${experiment.experimentId}:${experiment.variant.name}`
}

/** What is known of skills under models. */
type SkillKnowledge = Pick<EffectivenessSnapshot, 'interaction' | 'activationChance' | 'lift'>

interface ChoiceInput {
  readonly asked: RouteAsked
  readonly profile: Profile
  readonly random: () => number
  readonly skillShift: boolean
  /** What users say of models counts under every strategy. */
  readonly personal: boolean
  /** Written while it is decided: what the skills did, and the scorer, which another takes the place of when it fails. */
  readonly noted: { skills: readonly SkillShift[]; resolved: ResolvedScorer }
}

/** In place of a scorer that failed. */
const shuffled = {
  scorer: {
    ...createScorer('llmrouter-random', {}, { trained: null, usePrior: true, rewards: null }).scorer,
    name: 'simple-shuffle',
  },
  fallbackReason: 'scorer_failed',
  fitted: null,
  bundleId: null,
}

/** The bundle that the estimates come from; null where nothing trained had a part in them. */
function bundleBehind({ bundleId }: ResolvedScorer, { standIn }: Scores): string | null {
  return standIn === null ? bundleId : null
}

function explain(
  decision: ModelDecision,
  { affinity: { action }, explored }: PlacedModel,
  { isStatic }: ResolvedScorer,
  fallbackReason: string | null,
): readonly string[] {
  const reasons = [...decision.reasons]
  if (explored) reasons.unshift('explored')
  if (action !== 'none') reasons.unshift(`affinity_${action}`)
  if (fallbackReason !== null) reasons.unshift(`fallback:${fallbackReason}`)
  if (isStatic) reasons.unshift('kill_switch')
  return reasons
}
