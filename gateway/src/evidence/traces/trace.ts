import type { Judgement } from '../outcomes/outcome.ts'

export type Verdict = 'pass' | 'fail'

/** One skill in one trace. */
export interface TraceSkill {
  readonly name: string
  /** SHA-256 hex of the body as the trace witnessed it; empty when it does not say. */
  readonly hash: string
  /** The trace names several versions: none is taken. */
  readonly isAmbiguous: boolean
  readonly isActivated: boolean
  /** The full body reached the model. */
  readonly isDelivered: boolean
  /** The strongest evidence there is. */
  readonly evidence: 'loaded' | 'native' | 'logged' | 'delivered'
  /** The model credited with it; empty when the trace has no call. */
  readonly modelName: string
  readonly modelFamily: string
}

/** A trace as it is kept. Times are epoch milliseconds. */
export interface Trace {
  readonly id: string
  /** UTC, `YYYY-MM-DD`. */
  readonly day: string
  readonly agentName: string
  readonly status: string
  readonly sourceType: string
  readonly sessionId: string | null
  readonly manifestId: string | null
  readonly parentTraceId: string | null
  readonly routingIds: readonly string[]
  readonly skills: readonly TraceSkill[]
  /** The model with most output tokens; empty when there was no call. */
  readonly modelName: string
  readonly modelFamily: string
  readonly latencyMs: number | null
  readonly costUsd: number | null
  readonly startedAt: number | null
  readonly endedAt: number | null
  readonly receivedAt: number
  /** What is shown of it, spans and model calls included. */
  readonly document: Readonly<Record<string, unknown>>
}

/** A trace on its way in, with the scores its client computed. */
export interface NewTrace extends Trace {
  readonly scores: readonly Judgement[]
}

/** A trace as it is listed. */
export interface JudgedTrace extends Omit<Trace, 'skills' | 'document'> {
  readonly skills: readonly TraceSkill[]
  readonly verdict: Verdict | null
  readonly preview: { readonly input: string | null; readonly output: string | null }
}
