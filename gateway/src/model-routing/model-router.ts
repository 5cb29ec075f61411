import { createHash } from 'node:crypto'
import {
  createSeededRandom,
  type DecisionInput,
  decideModel,
  type EffectivenessSnapshot,
  type Exploration,
  explore,
  FeatureExtractor,
  holdPin,
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
import type { Arm, RoutedGroup } from '../deployments/routed-group.ts'
import { estimateInputTokens } from '../pricing/estimate-tokens.ts'
import { ArmStates } from './arm-states.ts'
import { type Assignment, assignVariant, type ExperimentUnit } from './experiments/assign-variant.ts'
import type { ExperimentBook } from './experiments/experiment-book.ts'
import type { LearnedOutcomes } from './learned-outcomes.ts'
import type { Affinity, ModelChoice } from './model-choice.ts'
import { describeArm } from './model-info.ts'
import type { Pin, Pins } from './pins.ts'
import type { Ask } from './read-ask.ts'
import { type AskRemote, findRemote } from './remote-strategy.ts'
import type { ResolvedScorer, Scorers } from './scorers.ts'

const noArgs = {}
/** A provider keeps a prefix about as long. */
const idleMs = 300_000

/** Everything one choice is made from. */
export interface RouteAsked {
  readonly routed: RoutedGroup
  /** Arms that passed every filter, in the order of the configuration; never empty. */
  readonly arms: readonly Arm[]
  readonly filtered: ModelChoice['filtered']
  readonly ask: Ask
  readonly bodyBytes: number
  readonly tags: readonly string[]
  readonly userAgent: string
  readonly team: string | null
  /** Whose opinions of models count. */
  readonly workspaceId: string
  readonly userId: string | null
  /** The skills the model will be offered, as far as that is known by now. */
  readonly skills: readonly ExpectedSkill[]
  /** Outcomes may teach, and a model may be tried to learn about it. */
  readonly learns: boolean
  /** Who is assigned in an experiment. */
  readonly unit: Omit<ExperimentUnit, 'model'>
  readonly overrides: RouteOverrides
  /** Names the conversation and whoever has it; null when it is not to be held. */
  readonly conversationKey: string | null
  /** What the remote strategy said; null where none decides, or none answered. */
  readonly advice: RemoteAdvice | null
  /** The arm whose account keeps what the request continues: the model it was answered by; null for none. */
  readonly continuedArm: string | null
  /** The caller named its session, so that a pin counts from the first turn. */
  readonly isSessionNamed: boolean
  /** A question what would be chosen: nothing is remembered of it. */
  readonly dryRun: boolean
  /** Hash of the configuration in force. */
  readonly configVersion: string
  /** Microseconds that finding the arms took. */
  readonly filterUs: number
  /** Epoch milliseconds. */
  readonly now: number
}

/** A skill by name or id. */
export interface ExpectedSkill {
  readonly name: string
  /** Null where nobody says. */
  readonly version: string | null
  /** Its text is put before the model, so that it will be used. */
  readonly isInjected: boolean
}

/** The skills that a decision about skills offered; null when there is none of that id. */
export type FindSkills = (
  workspaceId: string,
  routingId: string,
) => Promise<readonly Pick<ExpectedSkill, 'name' | 'version'>[] | null>

/** What a caller may say about how its request is routed; null leaves the configuration in force. */
export interface RouteOverrides {
  readonly profile: Profile | null
  readonly strategy: string | null
  readonly lambda: number | null
  /** USD. */
  readonly maxCost: number | null
  /** Headers that asked for what the caller may not decide. */
  readonly ignored: readonly string[]
  /** In place of those the request names. */
  readonly skills: readonly ExpectedSkill[] | null
}

export interface ModelRouterOptions {
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
    const key = keyIn(asked.conversationKey, experiment)
    const resolved = this.#resolve(asked, config, experiment)
    const profile = asked.overrides.profile ?? asked.routed.profile ?? config.defaultProfile
    const random = createSeededRandom(createHash('sha256').update(decisionId).digest())
    const noted: ChoiceInput['noted'] = { skills: [] }
    const { skillShift, personal } = config
    const input = { asked, resolved, profile, random: () => random.next(), skillShift, personal, noted }
    const features = this.#extractor.extract(asked.ask.text, asked.ask.shape)
    const extractedAt = performance.now()
    const decision = decideModel(this.#describe(input, features))
    const scoredAt = performance.now()
    const { skills } = noted
    // Copied before the hold, which may look at another ask.
    const stored = storeFeatures(features)
    const held = this.#hold(input, decision, key)
    const tried = this.#explore(input, decision, held, config)
    const at = resolved.isStatic ? 0 : (tried?.at ?? held.at)
    const propensities = tried?.propensity ?? decision.propensity
    const order = [at, ...decision.order.filter((other) => other !== at)]
    const nameOf = (position: number): string => decision.models[position]?.name ?? ''
    const affinity: Affinity = resolved.isStatic ? { ...held.affinity, action: 'none' } : held.affinity
    if (!asked.dryRun && key !== null)
      this.#options.pins.set(key, {
        arm: nameOf(at),
        tier: decision.tier,
        bundleId: resolved.bundleId,
        ...sinceWhen(held.pin, nameOf(at), asked.now),
        turns: (held.pin?.turns ?? 0) + 1,
        usedAt: asked.now,
      })
    return {
      decisionId,
      snapshotId: `${asked.configVersion}@${this.#options.outcomes?.lastRead ?? 0}`,
      routed: asked.routed,
      cascade: resolved.isStatic || asked.ask.inToolLoop ? null : decision.scores.cascade,
      order: order.map(nameOf),
      chosen: nameOf(at),
      decision,
      requestedStrategy: resolved.requested,
      fallbackReason: resolved.fallbackReason,
      profile: decision.profile,
      bundleId: resolved.bundleId,
      explanation: asked.dryRun ? this.#explain(asked.ask, resolved, order.map(nameOf)) : null,
      affinity,
      experiment,
      filtered: asked.filtered,
      skills,
      reasons: explain(decision, affinity, resolved, tried?.explored ?? false),
      propensities,
      propensity: affinity.action === 'kept' || resolved.isStatic ? 1 : (propensities[at] ?? 1),
      propensityMethod:
        decision.estimatePropensity !== null
          ? 'mc256'
          : decision.strategy === 'llmrouter-random'
            ? 'random'
            : tried === null
              ? 'deterministic'
              : 'epsilon',
      explored: tried?.explored ?? false,
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
        const resolved = this.#options.scorers.resolve(strategy, args, usePrior)
        const { text, shape } = input.asked.ask
        const decision = decideModel(
          this.#describe({ ...input, resolved }, this.#extractor.extract(text, shape)),
        )
        const at = decision.order[0] ?? 0
        return {
          strategy,
          ran: resolved.scorer.name,
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
    { asked, resolved, profile, random, noted, skillShift, personal }: ChoiceInput,
    features: DecisionInput['features'],
  ): DecisionInput {
    const { ask, routed, overrides } = asked
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
      live: new ArmStates(asked.arms, asked.now, biases),
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
            ?.residualsFor(resolved.bundleId ?? '')
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
        interactions: families.map((family) => known.interaction(name, family)),
      })),
    )
  }

  /** Another model now and then, where nobody is hurt by it; null where the best one is taken for certain. */
  #explore(
    { asked, resolved, random }: ChoiceInput,
    decision: ModelDecision,
    { affinity }: HeldModel,
    { exploreRate, learning }: ModelRoutingConfig,
  ): Exploration | null {
    const mayTry =
      exploreRate > 0 &&
      learning &&
      asked.learns &&
      !asked.dryRun &&
      !asked.ask.inToolLoop &&
      !resolved.isStatic &&
      affinity.action === 'none' &&
      decision.profile !== 'premium' &&
      // Where chance decides already nothing is added to it.
      decision.estimatePropensity === null &&
      decision.strategy !== 'llmrouter-random'
    return mayTry ? explore(decision, exploreRate, random) : null
  }

  /** Which model the conversation is on, and whether it stays there. */
  #hold(input: ChoiceInput, decision: ModelDecision, conversationKey: string | null): HeldModel {
    const { asked, resolved } = input
    const { ask, now } = asked
    const fresh = decision.order[0] ?? 0
    if (conversationKey === null) return { at: fresh, pin: null, affinity: unheld(null) }
    const pin = this.#options.pins.find(conversationKey, now)
    const isFirstTurn = ask.shape.turns <= 1 && !ask.inToolLoop
    const continues = !isFirstTurn || asked.isSessionNamed || (pin !== null && pin.turns > 1)
    const sameBundle = pin === null || pin.bundleId === resolved.bundleId || !isFirstTurn
    if (!continues || !sameBundle) return { at: fresh, pin: null, affinity: unheld(conversationKey) }
    const arm = pin?.arm ?? asked.continuedArm ?? (isFirstTurn ? null : this.#firstChoice(input))
    if (arm === null) return { at: fresh, pin, affinity: unheld(conversationKey) }
    const hold = holdPin({
      decision,
      pinnedAt: decision.models.findIndex(({ name }) => name === arm),
      inToolLoop: ask.inToolLoop,
      prefixTokens: estimateInputTokens(asked.bodyBytes),
      isIdle: pin !== null && now - pin.usedAt > idleMs,
      pinnedTier: pin?.tier ?? null,
    })
    return {
      at: hold.at,
      pin,
      affinity: {
        keyHash: conversationKey,
        hit: pin !== null,
        pinned: arm,
        action: hold.action,
        gain: hold.gain,
        switchCost: hold.switchCost,
      },
    }
  }

  /** What any process would have chosen for the first turn, for conversations that began elsewhere. */
  #firstChoice(input: ChoiceInput): string | null {
    const { ask } = input.asked
    const shape = { ...ask.shape, turns: 1, inToolLoop: false }
    const features = this.#extractor.extract(ask.firstText, shape)
    const decision = decideModel(this.#describe(input, features))
    return decision.models[decision.order[0] ?? 0]?.name ?? null
  }
}

/** Who is assigned to a variant begins a conversation anew with it. */
function keyIn(conversationKey: string | null, experiment: Assignment | null): string | null {
  if (conversationKey === null || experiment === null) return conversationKey
  return `${conversationKey}:${experiment.experimentId}:${experiment.variant.name}`
}

/** What is known of skills under models. */
type SkillKnowledge = Pick<EffectivenessSnapshot, 'interaction' | 'activationChance'>

interface ChoiceInput {
  readonly asked: RouteAsked
  readonly resolved: ResolvedScorer
  readonly profile: Profile
  readonly random: () => number
  readonly skillShift: boolean
  /** What users say of models counts under every strategy. */
  readonly personal: boolean
  /** Written while scores are adjusted. */
  readonly noted: { skills: readonly SkillShift[] }
}

interface HeldModel {
  readonly at: number
  readonly pin: Pin | null
  readonly affinity: Affinity
}

function unheld(keyHash: string | null): Affinity {
  return { keyHash, hit: false, pinned: null, action: 'none', gain: 0, switchCost: 0 }
}

function explain(
  decision: ModelDecision,
  { action }: Affinity,
  resolved: ResolvedScorer,
  explored: boolean,
): readonly string[] {
  const reasons = [...decision.reasons]
  if (explored) reasons.unshift('explored')
  if (action !== 'none') reasons.unshift(`affinity_${action}`)
  if (resolved.fallbackReason !== null) reasons.unshift(`fallback:${resolved.fallbackReason}`)
  if (resolved.isStatic) reasons.unshift('kill_switch')
  return reasons
}

/** A conversation that moves begins anew on its model. */
function sinceWhen(pin: Pin | null, arm: string, now: number): Pick<Pin, 'moves' | 'since'> {
  if (pin === null) return { moves: 0, since: now }
  return pin.arm === arm ? { moves: pin.moves, since: pin.since } : { moves: pin.moves + 1, since: now }
}
