import type { Deployment } from '../deployments/deployment.ts'
import type { FailureKind } from '../providers/failure.ts'

/** What a strategy may read of a request. */
export interface PickContext {
  readonly requestedName: string
  readonly group: string
  /** Epoch milliseconds. */
  readonly now: number
  /** Uniform in [0, 1). */
  readonly random: () => number
  /** Upper estimate. */
  readonly inputTokens: number
  /** `max_tokens` of the request, null when it sets none. */
  readonly maxOutputTokens: number | null
  readonly stream: boolean
  /** Whether the candidates array belongs to the configuration, so that what is derived from it may be kept. */
  readonly wholeLevel: boolean
  /** Whether nothing that was configured sets one deployment of the group before another. */
  readonly isEven: boolean
}

export interface Pick {
  readonly deployment: Deployment
  /** For the decision log: why this one. */
  readonly reason: string
  readonly score?: number
  /** 0 to 1. */
  readonly confidence?: number
  readonly alternatives?: readonly Deployment[]
}

/** How one attempt ended; given to the strategy exactly once. */
export interface AttemptOutcome {
  readonly deployment: Deployment
  readonly result: 'success' | 'failure' | 'aborted'
  readonly failureKind: FailureKind | null
  readonly durationMs: number
  /** From sending to the first byte of the answer; null when there was none. */
  readonly firstByteMs: number | null
  readonly outputTokens: number | null
}

/** Chooses among candidates that passed every filter. Synchronous; the seam for learned routers. */
export interface Strategy {
  readonly name: string
  /** Whether `rpm` and `tpm` are limits that filter candidates before the pick. */
  readonly enforcesLimits: boolean
  /** Null when it has no opinion. The candidates are never empty. */
  pick(context: PickContext, candidates: readonly Deployment[]): Pick | null
  settle?(context: PickContext, outcome: AttemptOutcome): void
}
