import type { ExperimentReport } from '@routeiq/router'

/** Where an experiment is between an idea and what came of it. */
export type ExperimentState =
  | 'draft'
  | 'running'
  | 'review'
  | 'approved'
  | 'rejected'
  | 'stopped'
  | 'rolled_back'

/** A strategy and its share of the units; the first one of an experiment is the control. */
export interface ExperimentVariant {
  readonly name: string
  readonly strategy: string
  /** A whole number. */
  readonly weight: number
}

/** A change of state: when, by whom (null for the gateway itself) and why. */
interface Transition {
  readonly at: number
  readonly by: string | null
  readonly to: ExperimentState
  readonly reason: string | null
}

/** An experiment between strategies, from its hypothesis to the decision of a human. */
export interface ExperimentRecord {
  readonly id: string
  readonly state: ExperimentState
  readonly hypothesis: string
  readonly variants: readonly ExperimentVariant[]
  /** Names that stand for several models; null for all of them. */
  readonly models: readonly string[] | null
  /** How much worse quality may be, 0 to 1. */
  readonly margin: number
  /** Judged units a variant needs. */
  readonly minSamples: number
  readonly minDays: number
  /** Share of units that challengers may have together. */
  readonly maxShare: number
  /** Whoever made it may not approve it. */
  readonly fourEyes: boolean
  /** Its assignments do not depend on those of other experiments. */
  readonly salted: boolean
  /** Key hash of whoever made it. */
  readonly createdBy: string | null
  /** Epoch milliseconds. */
  readonly createdAt: number
  readonly startedAt: number | null
  readonly endedAt: number | null
  /** The variant that was approved. */
  readonly winner: string | null
  /** Its strategy is in force. */
  readonly applied: boolean
  readonly history: readonly Transition[]
  /** As of the last look at it; null before the first. */
  readonly report: ExperimentReport | null
}

/** The states each state leads to. */
const transitions: Readonly<Record<ExperimentState, readonly ExperimentState[]>> = {
  draft: ['running', 'rejected'],
  running: ['review', 'stopped'],
  review: ['approved', 'rejected'],
  approved: ['rolled_back'],
  rejected: [],
  stopped: [],
  rolled_back: [],
}

/** The experiment in another state; null when it does not lead there. */
export function moveTo(
  experiment: ExperimentRecord,
  to: ExperimentState,
  { at, by, reason }: Omit<Transition, 'to'>,
): ExperimentRecord | null {
  if (!transitions[experiment.state].includes(to)) return null
  const ends = to === 'review' || to === 'stopped'
  return {
    ...experiment,
    state: to,
    startedAt: to === 'running' ? at : experiment.startedAt,
    endedAt: ends ? at : experiment.endedAt,
    applied: to === 'rolled_back' ? false : experiment.applied,
    history: [...experiment.history, { at, by, to, reason }],
  }
}
