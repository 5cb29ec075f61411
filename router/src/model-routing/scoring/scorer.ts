import type { CascadePlan } from '../cascade/cascade-plan.ts'
import type { Profile } from '../decision/profiles.ts'
import type { Features } from '../features/features.ts'
import type { RequestShape } from '../features/structured.ts'
import type { Guarantee } from '../training/fit-guarantee.ts'
import type { AskExplanation } from './explain-ask.ts'
import { shareMemory } from './share-memory.ts'

/** What is known of a selectable model from configuration and catalogue. */
export interface ModelInfo {
  /** The name decisions, bundles and feedback use. */
  readonly name: string
  /** Other names that bundles may know it by. */
  readonly aliases: readonly string[]
  readonly provider: string
  /** Parameters, in billions; null when nobody says. */
  readonly size: number | null
  /** USD per token; null when the price is unknown. */
  readonly inputPrice: number | null
  readonly outputPrice: number | null
  readonly cacheReadPrice: number | null
  readonly contextWindow: number | null
  readonly reasons: boolean
  /** As configured: `simple`, `medium`, `complex`, `reasoning`; null when nobody says. */
  readonly tier: string | null
  /** 0 to 1, as configured. */
  readonly qualityScore: number | null
}

/** What a scorer may read of a request beside its features. */
export interface RouteContext {
  /** Estimate for the whole prompt. */
  readonly inputTokens: number
  readonly maxTokens: number | null
  readonly shape: RequestShape
  readonly tags: readonly string[]
  readonly userAgent: string
  /** Names of the offered tools. */
  readonly tools: readonly string[]
  readonly team: string | null
  /** How models are doing right now. */
  readonly live: LiveState
  /** What a strategy that is served elsewhere said; null where none was asked, or none answered. */
  readonly advice: RemoteAdvice | null
  /** Uniform in [0, 1), the same for the same decision. */
  readonly random: () => number
}

/** What a strategy that is served elsewhere said of one ask. */
export interface RemoteAdvice {
  /** The model it picked; null where it only estimates. */
  readonly model: string | null
  /** Probability of a good answer by model, 0 to 1, as far as it says. */
  readonly scores: Readonly<Record<string, number>>
}

/** What a gateway sees of models while they serve; asked by name. */
export interface LiveState {
  /** Milliseconds to the first token at that percentile (0 to 1) of so many last answers; null without any. */
  latencyMs(model: string, percentile: number, samples: number): number | null
  /** Of how many answers, 256 at most, the above is known. */
  answers(model: string): number
  /** Requests under way. */
  inFlight(model: string): number
  /** Tokens of the current minute. */
  tokens(model: string): number
  /** Traffic has shown that mean quality falls further below the reference model than it was to. */
  isBroken(promise: Guarantee): boolean
  /**
   * What the large one of the strategy's two models was expected to gain on that share of lately seen asks, and not on others; null
   * while too few were seen.
   */
  gainOfShare(share: number): number | null
  /** How much better, or worse, this caller found the model than others do: -0.15 to 0.15. */
  preference(model: string): number
}

/** Where nothing serves. */
export const noLiveState: LiveState = {
  latencyMs: () => null,
  answers: () => 0,
  inFlight: () => 0,
  tokens: () => 0,
  isBroken: () => false,
  gainOfShare: () => null,
  preference: () => 0,
}

/** How sure a domain is. */
export interface DomainGuess {
  readonly label: string
  readonly p: number
  readonly top3: readonly { readonly label: string; readonly p: number }[]
}

/** The strategy that scored in place of one that knew nothing of the candidates. */
interface StandIn {
  /** Name of the strategy that could not. */
  readonly of: string
  readonly strategy: string
  readonly version: string
  readonly reason: 'models_unknown'
}

/** What a scorer says of every candidate. Arrays are as long as the candidates; reused from ask to ask. */
export interface Scores {
  /** Probability of a good answer, 0 to 1. */
  readonly q: Float64Array
  /** USD for this request. */
  readonly cost: Float64Array
  /** At least 0.01. */
  readonly sigma: Float64Array
  /** Rows' worth of evidence; 0 for a model nobody has tried. */
  readonly nEff: Float64Array
  /** The overall means that strange asks are drawn to. */
  readonly mean: Float64Array
  /** Parts of q by name, each as long as the candidates; they sum to q before clipping. */
  readonly components: Map<string, Float64Array>
  domain: DomainGuess | null
  /** Likeness to what was seen in training; null for scorers that were not trained. */
  maxSimilarity: number | null
  /** Below this an ask is strange; null where that means nothing. */
  noveltyThreshold: number | null
  /** What waiting for each model takes from its utility, in quality; null where only quality and money count. */
  delay: Float64Array | null
  /** The price of one dear call; null where the scorer knows none. */
  costRef: number | null
  /** Several calls in place of one, for requests that allow it; null for one. */
  cascade: CascadePlan | null
  /** λ that the strategy's own arguments mean, in place of the profile's; null where they mean none. */
  lambda: number | null
  /** The profile a rule means, in place of the one that is configured; null where none does. */
  profile: Profile | null
  /** Positions of the only candidates the scorer allows, in order of preference; null allows all. */
  pool: number[] | null
  /** The promise the choice is held to, and the model it is about; null for none. */
  promise: (Guarantee & { readonly reference: string }) | null
  /** Names of the two models the strategy chooses between, for what is expected of them is looked at later; null for others. */
  pair: { readonly small: string; readonly large: string } | null
  /** Fills q with another draw, where q is drawn; null where it is not. */
  redraw: (() => void) | null
  /** Who scored in the scorer's place; null where it scored itself. */
  standIn: StandIn | null
  /** Codes that explain the pool. */
  readonly reasons: string[]
}

type ScorerNeed = 'text' | 'artifact' | 'state' | 'remote'

/** One way to estimate what every candidate would make of a request. It never picks. */
export interface Scorer {
  readonly name: string
  readonly version: string
  readonly needs: readonly ScorerNeed[]
  /** Fills `out`. Synchronous and quick. */
  score(features: Features, context: RouteContext, models: readonly ModelInfo[], out: Scores): void
  /** Why one of two models (by their names here) was expected to do better; absent where nothing was trained. */
  explain?(features: Features, selected: string, other: string): AskExplanation | null
  /** Begins anew from training and adds what was lived since, newest first; absent where nothing live is learned by ask. */
  absorb?(outcomes: readonly JudgedAsk[]): void
}

/** An ask that was answered, and how well. */
export interface JudgedAsk {
  readonly features: Features
  /** The model that answered. */
  readonly model: string
  /** Whose ask it was; null where nobody's. */
  readonly team: string | null
  readonly weight: number
  /** 0 to 1. */
  readonly score: number
}

export function createScores(size: number): Scores {
  const vector = shareMemory(5, size)
  return {
    q: vector(),
    cost: vector(),
    sigma: vector(),
    nEff: vector(),
    mean: vector(),
    components: new Map(),
    domain: null,
    maxSimilarity: null,
    noveltyThreshold: null,
    delay: null,
    costRef: null,
    lambda: null,
    cascade: null,
    profile: null,
    pool: null,
    promise: null,
    pair: null,
    redraw: null,
    standIn: null,
    reasons: [],
  }
}
