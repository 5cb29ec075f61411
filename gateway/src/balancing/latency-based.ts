import type { Deployment } from '../deployments/deployment.ts'
import { LatencyRing } from './latency-ring.ts'
import { pickEvenly } from './simple-shuffle.ts'
import type { AttemptOutcome, PickContext, Strategy } from './strategy.ts'

/** What a timeout counts as, in seconds. */
const timeoutPenalty = 60

export interface LatencyOptions {
  /** Samples kept per deployment. */
  readonly listSize: number
  /** How much slower than the best a deployment may be and still be picked: 0.1 is ten per cent. */
  readonly buffer: number
  readonly sampleLifetimeMs: number
}

/**
 * Lowest mean of the last samples: seconds per output token, or time to first byte for streams. Deployments without
 * samples come first; among those close enough to the best, chance decides.
 */
export function createLatencyBased(options: LatencyOptions): Strategy {
  return {
    name: 'latency-based-routing',
    enforcesLimits: false,
    pick(context, candidates) {
      const means = candidates.map((deployment) => findMean(deployment, context, options))
      const unseen = candidates.filter((_, index) => (means[index] ?? -1) < 0)
      if (unseen.length > 0)
        return { deployment: pickEvenly(unseen, context.random), reason: 'not measured yet' }
      const best = Math.min(...means)
      const close = candidates.filter((_, index) => (means[index] ?? 0) <= best * (1 + options.buffer))
      const deployment = pickEvenly(close, context.random)
      return { deployment, reason: `${close.length} within reach of the best`, score: best }
    },
    settle: (context, outcome) => recordSample(context, outcome, options),
  }
}

function findMean(deployment: Deployment, context: PickContext, options: LatencyOptions): number {
  const ring = context.stream ? deployment.state.timeToFirstByte : deployment.state.secondsPerToken
  return ring === null ? -1 : ring.mean(context.now, options.sampleLifetimeMs)
}

function recordSample(context: PickContext, outcome: AttemptOutcome, options: LatencyOptions): void {
  const { state } = outcome.deployment
  const timedOut = outcome.failureKind === 'timeout' || outcome.failureKind === 'request_timeout'
  if (outcome.result !== 'success' && !timedOut) return
  const seconds = timedOut ? timeoutPenalty : measure(context, outcome)
  if (context.stream) {
    state.timeToFirstByte = ensureRing(state.timeToFirstByte, options.listSize)
    state.timeToFirstByte.record(seconds, context.now, timedOut)
  } else {
    state.secondsPerToken = ensureRing(state.secondsPerToken, options.listSize)
    state.secondsPerToken.record(seconds, context.now, timedOut)
  }
}

function measure(context: PickContext, outcome: AttemptOutcome): number {
  if (context.stream) return (outcome.firstByteMs ?? outcome.durationMs) / 1000
  return outcome.durationMs / 1000 / Math.max(1, outcome.outputTokens ?? 0)
}

/** A reload may change the list size; the samples start anew then. */
function ensureRing(ring: LatencyRing | null, size: number): LatencyRing {
  return ring !== null && ring.size === size ? ring : new LatencyRing(size)
}
