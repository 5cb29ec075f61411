import type { DriftState, Guarantee, PromisedOutcome } from '@routeiq/router'

/** A choice as it is kept: enough to credit it when its outcome is known. No text of the prompt. */
export interface KeptChoice {
  readonly decisionId: string
  readonly requestId: string
  readonly workspaceId: string
  readonly keyHash: string | null
  readonly userId: string | null
  readonly teamId: string | null
  /** The name that stood for several models. */
  readonly router: string
  /** The arm that answered. */
  readonly arm: string
  readonly domain: string
  readonly tier: string
  readonly strategy: string
  readonly profile: string
  /** Empty without a bundle. */
  readonly bundleId: string
  /** What was expected of the arm that answered, before anything learned online. */
  readonly quality: number
  readonly propensity: number
  readonly learns: boolean
  /** HTTP status of the answer. */
  readonly status: number
  readonly inputTokens: number | null
  readonly outputTokens: number | null
  readonly costUsd: number | null
  readonly baselineUsd: number | null
  readonly taskId: string | null
  /** The decision about skills it was made with. */
  readonly routingId: string | null
  /** Null outside of an experiment. */
  readonly experiment: KeptAssignment | null
  readonly latencyMs: number | null
  /** Candidates with their estimates, and reasons: what replaying and evaluating need. */
  readonly details: Readonly<Record<string, unknown>>
  /** Epoch milliseconds. */
  readonly createdAt: number
}

/** Whose choice it was in an experiment. */
interface KeptAssignment {
  readonly id: string
  readonly variant: string
  /** Hex digits of a hash. */
  readonly unit: string
  /** The variant could make a difference to this choice. */
  readonly exposes: boolean
}

/** Where a judgement comes from; the first ones count for more than the later ones. */
export const feedbackSources = ['user', 'outcome', 'check', 'judge', 'implicit'] as const
type FeedbackSource = (typeof feedbackSources)[number]

/** Those that somebody gives; the last one the gateway alone reads out of what a caller does. */
export const givenSources = ['user', 'outcome', 'check', 'judge'] as const

/** What one judgement of a source counts, where nobody says otherwise. */
export const sourceWeights: Readonly<Record<FeedbackSource, number>> = {
  ...{ user: 1, outcome: 1, check: 0.5, judge: 0.5, implicit: 0.2 },
}

export interface ChoiceFeedback {
  readonly decisionId: string
  readonly source: FeedbackSource
  /** 0 to 1; null is kept and teaches nothing. */
  readonly score: number | null
  readonly weight: number
  readonly reason: string | null
  /** The gateway saw it itself. It knows failures alone, so such scores teach and are no measure of quality. */
  readonly isAutomatic: boolean
  readonly keyHash: string | null
  /** The task it belongs to, where that was not known before. */
  readonly taskId: string | null
}

interface FeedbackVerdict {
  /** It changed what is learned. */
  readonly applied: boolean
  /** The same was said before. */
  readonly duplicate: boolean
  /** A better source has spoken. */
  readonly superseded: boolean
  /** The model turns out other than it used to. */
  readonly isDrift: boolean
}

/** An ask that was answered, and how well. */
export interface LearnedAsk {
  readonly arm: string
  readonly team: string | null
  readonly features: unknown
  readonly weight: number
  readonly score: number
}

/** What all judged choices of one kind sum up to; older days count for less. */
interface LearningCell {
  readonly bundleId: string
  readonly domain: string
  readonly tier: string
  readonly arm: string
  readonly weight: number
  /** Σ weight · score. */
  readonly reward: number
  /** Σ weight · (score − estimate). */
  readonly residual: number
}

/** Names one choice; the first that is given counts. */
export interface ChoiceHandle {
  readonly decisionId?: string | null
  readonly requestId?: string | null
  readonly routingId?: string | null
  /** The last one of this arm that `keyHash` made. */
  readonly arm?: string | null
  readonly keyHash?: string | null
}

/** Null takes any. */
interface WantedChoices {
  readonly decisionId: string | null
  readonly taskId: string | null
  readonly routingId: string | null
}

/** What is learned: sums by cell, and which models have changed. */
export interface Learning {
  readonly cells: readonly LearningCell[]
  readonly drifts: readonly (DriftState & { readonly arm: string })[]
}

/** A window of choices that were judged, for evidence. */
export interface EvidenceRow extends KeptChoice {
  /** Of the best source; null when nobody judged. */
  readonly score: number | null
}

/** Whose choices are looked at together: those of one router while one bundle was in force. */
export interface RouterTraffic {
  /** The name that stands for the models. */
  readonly router: string
  readonly bundleId: string
}

/** A judged choice that was held to a promise. */
export interface PromisedChoice extends PromisedOutcome, RouterTraffic {
  readonly promise: Guarantee
}

/** What the strong one of two models was expected to do better than the weak one, ask by ask. */
export interface RouterGains extends RouterTraffic {
  /** Each in quality, as far as the rule of decisions heeds it: on strange asks money counts for less. */
  readonly gains: readonly number[]
}

/** How often what was chosen, over all choices that are kept. */
export interface ChoiceCounts {
  readonly total: number
  /** Those that nothing trained had a part in. */
  readonly untrained: number
  /** What choosing took, milliseconds; null without choices. */
  readonly meanDecisionMs: number | null
  readonly byStrategy: Readonly<Record<string, number>>
  readonly byProfile: Readonly<Record<string, number>>
  /** By the model that answered. */
  readonly byModel: Readonly<Record<string, number>>
  /** The hundred keys with the most choices. */
  readonly byKey: readonly { readonly keyHash: string; readonly count: number }[]
  /** Keys with any. */
  readonly keys: number
}

/** What a judge said of a model's answers. */
export interface JudgedQuality {
  readonly model: string
  readonly count: number
  /** 0 to 1. */
  readonly mean: number
  /** Half the width of the interval of 95 %. */
  readonly margin: number
}

/** Choices of models and how they turned out. Rejects with `storage_unavailable` when the database does not answer. */
export interface ChoiceStore {
  /** All or none; a choice that is there already stays. */
  saveChoices(choices: readonly KeptChoice[]): Promise<void>
  /** The choice itself, or the last one the handle fits; null when there is none. */
  findChoice(handle: ChoiceHandle): Promise<KeptChoice | null>
  /** Keeps a judgement and adds its difference to what is learned, in one step. The choice must exist. */
  giveFeedback(feedback: ChoiceFeedback, now: number): Promise<FeedbackVerdict>
  /** What is learned, each day at half the weight of seven days later. */
  readLearning(now: number): Promise<Learning>
  /** Choices since then, newest first. Null for every workspace. */
  listChoices(
    workspaceId: string | null,
    since: number,
    limit: number,
    wanted?: WantedChoices,
  ): Promise<readonly EvidenceRow[]>
  countChoices(): Promise<ChoiceCounts>
  /** Means of what judges said of answers since then, the best model first. */
  listJudgedQualities(since: number): Promise<readonly JudgedQuality[]>
  /** When somebody judged last, epoch milliseconds; null while nobody has. */
  lastJudgedAt(): Promise<number | null>
  /** The last choices that teach, with the score that counts; each week halves their weight, a change of the model takes nine tenths. */
  listJudgedAsks(now: number, limit: number): Promise<readonly LearnedAsk[]>
  /** Judged choices since then that were held to a promise nobody had broken yet, newest first. */
  listPromised(since: number, limit: number): Promise<readonly PromisedChoice[]>
  /** Those of choices between two models since then, the newest `limit` of each router. */
  listGains(since: number, limit: number): Promise<readonly RouterGains[]>
  purgeChoices(before: number): Promise<void>
}
