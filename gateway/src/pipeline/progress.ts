import type { GatewayError, PluginCall } from '@routeiq/contract'
import type { Usage } from '../conversation/usage.ts'
import type { Deployment } from '../deployments/deployment.ts'
import type { Reservation } from '../governance/held-call.ts'
import type { HeaderFields } from '../http1/header-fields.ts'
import type { Caller } from '../identity/caller.ts'
import type { SkillsOutcome } from '../injection/skills-outcome.ts'
import type { AnswerFacts } from '../injection/turn-reports.ts'
import type { ModelChoice } from '../model-routing/model-choice.ts'
import type { AdjustedCost } from '../pricing/adjust-cost.ts'
import type { StreamRelay } from '../relay/relay.ts'
import type { FailedAttempt } from '../telemetry/request-record.ts'
import type { Caching, CapturedText } from './cache/caching.ts'
import type { Price } from './price-answer.ts'
import type { Stage } from './stages.ts'

/** What one of several calls behind an answer cost. */
export interface RoundBill extends Price {
  readonly usage: Usage | null
  /** Who answered, where that is not who answered last. */
  readonly deployment?: Deployment
}

/** How skills went, and who wants to know how the request went. */
export interface SkillsProgress {
  readonly outcome: SkillsOutcome
  settle?(answer: AnswerFacts): void
}

const nothing: readonly string[] = []

/** What has happened to one request so far. Written by the stages in turn, read once by `settle`. */
export class Progress {
  caller: Caller | null = null
  /** What is held against limits until it is settled. */
  reservation: Reservation | null = null
  /** How it stands to answers that are kept; null where none are. */
  caching: Caching | null = null
  /** What its provider was spared of it, estimated. */
  contextTokensSaved = 0
  /** What plugins were shown of it; null where none look. */
  pluginCall: PluginCall | null = null
  /** Names of the guards that look at it, parted by commas; empty for none. */
  guards = ''
  /** Whether its answer is remembered, and what was remembered. */
  capturesAnswer = false
  captured: CapturedText | null = null
  /** What its conversation is held by; null where none is. */
  conversation: string | null = null
  /** Which of several models; null where the name stands for one. */
  choice: ModelChoice | null = null
  deployment: Deployment | null = null
  /** Several models are asked, and which of them answers is not known yet. */
  isUndecided = false
  strategy: string | null = null
  strategyFellBack = false
  attempts = 0
  fallbacks = 0
  /** Members of the request that the deployment called last was not given. */
  dropped: readonly string[] = nothing
  readonly failedAttempts: FailedAttempt[] = []
  /** The header of the last answer that was a failure; null before there is one. */
  failedFields: HeaderFields | null = null
  status = 0
  /** What carries the stream that was begun; it knows how to end it when it breaks off. */
  relay: StreamRelay | null = null
  error: GatewayError | null = null
  usage: Usage | null = null
  usageEstimated = false
  /** What the answer costs the caller; `costParts` says how that came about when the operator adjusts prices. */
  costPico: bigint | null = null
  costParts: AdjustedCost | null = null
  /** How skills went; null for a request that wanted none. */
  skills: SkillsProgress | null = null
  /** Calls that were followed by another of the same answer; `usage` and cost above are of the last. */
  readonly rounds: RoundBill[] = []
  /** Monotonic milliseconds. */
  upstreamStartedAt: number | null = null
  upstreamEndedAt: number | null = null
  firstByteAt: number | null = null
  routingMs = 0
  readonly stageEnds: (readonly [Stage, number])[] | null

  /** `detailed` keeps the end of every stage, for the timing headers. */
  constructor(detailed: boolean) {
    this.stageEnds = detailed ? [] : null
  }

  endStage(stage: Stage): void {
    this.stageEnds?.push([stage, performance.now()])
  }
}
