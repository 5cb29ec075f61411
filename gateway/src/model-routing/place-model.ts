import { type Exploration, explore, holdPin, type ModelDecision } from '@routeiq/router'
import type { ModelRoutingConfig } from '../config/config.ts'
import { estimateInputTokens } from '../pricing/estimate-tokens.ts'
import type { Affinity, ModelChoice } from './model-choice.ts'
import type { Pin, Pins } from './pins.ts'
import type { RouteAsked } from './route-asked.ts'

/** A provider keeps a prefix about as long. */
const idleMs = 300_000

/** A decision, and what else has a say in which model it is. */
export interface Placing {
  readonly asked: RouteAsked
  readonly decision: ModelDecision
  /** The first model of the configuration is taken, whatever the scores. */
  readonly isStatic: boolean
  /** Behind the estimates; null without one. */
  readonly bundleId: string | null
  /** Names the conversation; null when it is not to be held. */
  readonly conversationKey: string | null
  readonly pins: Pick<Pins, 'find'>
  /** What any process would have chosen for the first turn, for conversations that began elsewhere. */
  readonly firstChoice: () => string | null
  /** Uniform in [0, 1). */
  readonly random: () => number
}

/** Which candidate it is in the end, by position. */
export interface PlacedModel extends HeldModel {
  readonly explored: boolean
  readonly propensities: Float64Array
  readonly propensity: number
  readonly propensityMethod: ModelChoice['propensityMethod']
}

interface HeldModel {
  readonly at: number
  readonly pin: Pin | null
  readonly affinity: Affinity
}

/** The model the conversation is on, one to learn about, or the best one. */
export function placeModel(placing: Placing, config: ModelRoutingConfig): PlacedModel {
  const { decision, isStatic } = placing
  const held = hold(placing)
  const tried = tryAnother(placing, held, config)
  const at = isStatic ? 0 : (tried?.at ?? held.at)
  const affinity: Affinity = isStatic ? { ...held.affinity, action: 'none' } : held.affinity
  const propensities = tried?.propensity ?? decision.propensity
  return {
    ...{ at, affinity, propensities },
    pin: held.pin,
    propensity: affinity.action === 'kept' || isStatic ? 1 : (propensities[at] ?? 1),
    propensityMethod: methodOf(decision, tried),
    explored: tried?.explored ?? false,
  }
}

/** Which model the conversation is on, and whether it stays there. */
function hold({ asked, decision, bundleId, conversationKey, pins, firstChoice }: Placing): HeldModel {
  const { ask, now } = asked
  const fresh = decision.order[0] ?? 0
  if (conversationKey === null) return { at: fresh, pin: null, affinity: unheld(null) }
  const pin = pins.find(conversationKey, now)
  const isFirstTurn = ask.shape.turns <= 1 && !ask.inToolLoop
  const continues = !isFirstTurn || asked.isSessionNamed || (pin !== null && pin.turns > 1)
  const sameBundle = pin === null || pin.bundleId === bundleId || !isFirstTurn
  if (!continues || !sameBundle) return { at: fresh, pin: null, affinity: unheld(conversationKey) }
  const arm = pin?.arm ?? asked.continuedArm ?? (isFirstTurn ? null : firstChoice())
  if (arm === null) return { at: fresh, pin, affinity: unheld(conversationKey) }
  const held = holdPin({
    decision,
    pinnedAt: decision.models.findIndex(({ name }) => name === arm),
    inToolLoop: ask.inToolLoop,
    prefixTokens: estimateInputTokens(asked.bodyBytes),
    isIdle: pin !== null && now - pin.usedAt > idleMs,
    pinnedTier: pin?.tier ?? null,
  })
  const { at, action, gain, switchCost } = held
  const hit = pin !== null
  return { at, pin, affinity: { keyHash: conversationKey, hit, pinned: arm, action, gain, switchCost } }
}

/** Another model now and then, where nobody is hurt by it; null where the best one is taken for certain. */
function tryAnother(
  { asked, decision, isStatic, random }: Placing,
  { affinity }: HeldModel,
  { exploreRate, learning }: ModelRoutingConfig,
): Exploration | null {
  const mayTry =
    exploreRate > 0 &&
    learning &&
    asked.learns &&
    !asked.dryRun &&
    !asked.ask.inToolLoop &&
    !isStatic &&
    affinity.action === 'none' &&
    decision.profile !== 'premium' &&
    // Where chance decides already nothing is added to it.
    decision.estimatePropensity === null &&
    !isDrawn(decision)
  return mayTry ? explore(decision, exploreRate, random) : null
}

/** Chance alone chose, whatever the estimates. */
function isDrawn({ reasons }: ModelDecision): boolean {
  return reasons.includes('random')
}

function methodOf(decision: ModelDecision, tried: Exploration | null): ModelChoice['propensityMethod'] {
  if (decision.estimatePropensity !== null) return 'mc256'
  if (isDrawn(decision)) return 'random'
  return tried === null ? 'deterministic' : 'epsilon'
}

function unheld(keyHash: string | null): Affinity {
  return { keyHash, hit: false, pinned: null, action: 'none', gain: 0, switchCost: 0 }
}
