import { GatewayError } from '@routeiq/contract'
import type { Deployment, ModelGroup } from '../deployments/deployment.ts'
import type { Resolution } from '../deployments/resolve-model.ts'
import type { UpstreamFailure } from '../providers/failure.ts'
import type { AttemptRequest } from './attempt-request.ts'
import { recordFailure, recordSuccess } from './cooldown.ts'
import { type FailureRule, failureRules } from './failure-rules.ts'
import { FallbackQueue } from './fallback-queue.ts'
import { GroupRun } from './group-run.ts'
import { judgeProvider } from './judge-provider.ts'
import { pickSafely, type SafePick } from './pick-safely.ts'
import { allowsRetry, computeBackoff } from './retry.ts'
import type { RoutingContext } from './routing-context.ts'
import { type AttemptTokens, RunningAttempt } from './running-attempt.ts'
import type { PickContext } from './strategy.ts'

/** One upstream attempt to make. */
export interface PlannedAttempt {
  readonly deployment: Deployment
  readonly group: ModelGroup
  /** 1 for the first. */
  readonly attemptNumber: number
  /** Request members to set for this target (a fallback given as a map); null for none. */
  readonly overrides: Readonly<Record<string, unknown>> | null
  readonly pick: SafePick
}

/** `retry`: call `next()` after the delay; `fallback` the same, with another group; `stop`: answer with the failure. */
export interface FailureDecision {
  readonly action: 'retry' | 'fallback' | 'stop'
  readonly delayMs: number
}

/** Waiting longer than this for a cooldown helps nobody. */
const maxWaitMs = 60_000

/**
 * The attempt loop of one request, as a state machine: `next()` says where to send it, the outcome goes to exactly one
 * of `succeed`, `fail`, `failMidStream` and `abort`, and after `fail` the decision says whether to ask `next()` again.
 * Fallback groups are around `order` levels are around retries, under one cap on attempts and one deadline. The only
 * place where retries, fallbacks and cooldowns meet.
 */
export class AttemptPlan {
  /** Upstream attempts started. */
  attempts = 0
  /** Groups fallen back to. */
  fallbacks = 0
  /** Attempts made again in a group that had been tried already. */
  retries = 0
  lastFailure: UpstreamFailure | null = null
  private readonly context: RoutingContext
  private readonly resolution: Resolution
  private readonly request: AttemptRequest
  private queue: FallbackQueue | null = null
  private run: GroupRun
  private lastRun: GroupRun | null = null
  private current: RunningAttempt | null = null

  constructor(context: RoutingContext, resolution: Resolution, request: AttemptRequest) {
    this.context = context
    this.resolution = resolution
    this.request = request
    this.run = new GroupRun(context, request, resolution, null)
  }

  /**
   * The next attempt, whose slot is taken; or the error to answer with when nothing can be called. After a failure,
   * `lastFailure` says more than this error.
   */
  next(): PlannedAttempt | GatewayError {
    const now = this.context.now()
    const candidates = this.findCandidates(now)
    if (candidates instanceof GatewayError) return candidates
    const untried = this.run.untried(candidates)
    const open = untried.length > 0 ? untried : candidates
    const choice = this.prefer(this.request.arms === null ? open : this.request.arms.narrow(open))
    const pickContext = this.buildPickContext(now, this.run.isWholeLevel(choice))
    const pick = pickSafely(this.context.strategy, pickContext, choice)
    const { strategy } = this.context
    this.current = new RunningAttempt(this.run.group, pick, pickContext, strategy, this.run.breakers)
    this.run.markTried(pick.deployment)
    this.attempts++
    if (this.lastRun === this.run) this.retries++
    this.lastRun = this.run
    return {
      deployment: pick.deployment,
      group: this.run.group,
      attemptNumber: this.attempts,
      overrides: this.run.overrides,
      pick,
    }
  }

  /** Where the first attempt would go, or why it cannot go anywhere. Takes no slot and tells nobody. */
  preview(): Deployment | GatewayError {
    const now = this.context.now()
    const candidates = this.findCandidates(now)
    if (candidates instanceof GatewayError) return candidates
    const choice = this.prefer(this.request.arms === null ? candidates : this.request.arms.narrow(candidates))
    const context = this.buildPickContext(now, this.run.isWholeLevel(choice))
    return pickSafely(this.context.strategy, context, choice).deployment
  }

  /** The first attempt goes where the conversation was, if it can. */
  private prefer(candidates: readonly Deployment[]): readonly Deployment[] {
    const { preferredId } = this.request
    if (preferredId === null || this.attempts > 0) return candidates
    const preferred = candidates.filter(({ id }) => id === preferredId)
    return preferred.length === 0 ? candidates : preferred
  }

  /** The first byte of a good answer: the deployment works, whatever the rest of the stream brings. */
  receiveFirstByte(): void {
    if (this.current === null || this.current.firstByteAt !== null) return
    this.current.firstByteAt = this.context.now()
    this.current.deployment.state.recover(this.current.firstByteAt)
    this.judgeTrial(this.current, this.current.firstByteAt)
  }

  /** The answer is complete. `tokens` is null when the provider reported none. */
  succeed(tokens: AttemptTokens | null): void {
    const attempt = this.current
    const now = this.context.now()
    if (!attempt?.end(now, 'success', null, tokens)) return
    recordSuccess(attempt.deployment, now)
    this.judgeTrial(attempt, now)
  }

  /** A good answer to a trial; to anything else it says nothing of the provider. */
  private judgeTrial(attempt: RunningAttempt, now: number): void {
    if (!attempt.trial) return
    const { snapshot, states } = this.context
    judgeProvider(attempt, null, snapshot.routing, states.providers, now)
    attempt.trial = false
  }

  /** The client went away: nothing is counted for or against the deployment. */
  abort(): void {
    this.current?.end(this.context.now(), 'aborted', null, null)
  }

  /** The stream broke after the client had received part of it: counted, never repeated. */
  failMidStream(failure: UpstreamFailure): void {
    this.endFailed(failure, this.context.now(), true)
  }

  /**
   * The attempt failed before the client received anything. `real` is false for a failure the client asked for to test
   * its fallbacks: it leads to the same decision and counts against nobody.
   */
  fail(failure: UpstreamFailure, real = true): FailureDecision {
    const now = this.context.now()
    const failed = this.endFailed(failure, now, real)
    if (failed === null || this.isExhausted(now)) return stop
    const rule = failureRules[failure.kind]
    const retry = this.planRetry(failure, rule, failed, now)
    if (retry !== null) return retry
    if (rule.retry !== 'never' && this.run.advanceLevel(now)) return { action: 'retry', delayMs: 0 }
    return this.fallBack(rule.fallback, now) ? { action: 'fallback', delayMs: 0 } : stop
  }

  /** What to append to the last error once everything was tried; empty when there was no fallback to try. */
  describeExhaustion(): string {
    const targets = this.queue?.describeTargets() ?? []
    if (targets.length === 0) return ''
    const list = targets.map((name) => `'${name}'`).join(', ')
    return ` Received Model Group=${this.resolution.requestedName} Available Model Group Fallbacks=[${list}]`
  }

  private endFailed(failure: UpstreamFailure, now: number, real: boolean): Deployment | null {
    const attempt = this.current
    if (attempt === null) return null
    const ended = real
      ? attempt.end(now, 'failure', failure.kind, null)
      : attempt.end(now, 'aborted', null, null)
    if (!ended) return null
    const { deployment, group, probe } = attempt
    this.lastFailure = failure
    if (!real) return deployment
    const { snapshot, states } = this.context
    recordFailure({ deployment, group, failure, probe }, snapshot.routing, states, now)
    judgeProvider(attempt, failure, snapshot.routing, states.providers, now)
    return deployment
  }

  private isExhausted(now: number): boolean {
    return this.attempts >= this.context.snapshot.routing.maxTotalAttempts || now >= this.request.deadlineMs
  }

  private planRetry(
    failure: UpstreamFailure,
    rule: FailureRule,
    failed: Deployment,
    now: number,
  ): FailureDecision | null {
    const { run, request } = this
    const made = { total: run.retries, afterTimeout: run.timeoutRetries }
    const { routing } = this.context.snapshot
    if (!allowsRetry(failure, run.group, routing, request.numRetries, made)) return null
    if (rule.retry === 'never' && this.hasFallback(rule.fallback, now)) return null
    const delayMs = this.findDelay(failure, rule, failed, now)
    if (delayMs === null || now + delayMs >= request.deadlineMs) return null
    run.retries++
    if (rule.retry === 'once') run.timeoutRetries++
    return { action: 'retry', delayMs }
  }

  /** 0 when another deployment can be called at once; null when no retry in this level makes sense. */
  private findDelay(
    failure: UpstreamFailure,
    rule: FailureRule,
    failed: Deployment,
    now: number,
  ): number | null {
    const { run } = this
    const candidates = run.candidates(now)
    if (run.untried(candidates).length > 0) return 0
    if (rule.retry === 'elsewhere') return null
    const waitable = failure.kind === 'rate_limit' || candidates.length === 0
    if (candidates.some((deployment) => deployment !== failed)) {
      run.forgetTried(failed)
      return 0
    }
    if (waitable && this.hasFallback(rule.fallback, now)) return null
    const { retryAfterMs } = this.context.snapshot.routing
    const backoff = computeBackoff(failure, run.retries, retryAfterMs, this.context.random)
    if (candidates.length > 0) return backoff
    const recovery = run.removals?.retryAfterMs ?? null
    return recovery === null || recovery > maxWaitMs ? null : Math.max(backoff, recovery)
  }

  private hasFallback(fallback: FailureRule['fallback'], now: number): boolean {
    this.queue ??= new FallbackQueue(this.context, this.resolution, this.request)
    return this.queue.hasNext(fallback, this.run.group, now)
  }

  private fallBack(fallback: FailureRule['fallback'], now: number): boolean {
    const next = this.hasFallback(fallback, now) ? (this.queue?.take() ?? null) : null
    if (next === null) return false
    this.run = next
    this.fallbacks++
    return true
  }

  /** Candidates of the current group, its later levels or a fallback, in this order. */
  private findCandidates(now: number): readonly Deployment[] | GatewayError {
    if (this.isExhausted(now)) return exhausted()
    let candidates = this.run.candidates(now)
    if (candidates.length === 0 && this.run.advanceLevel(now)) candidates = this.run.candidates(now)
    if (candidates.length > 0) return candidates
    const { removals } = this.run
    const fallback = removals?.exceedsContext === true ? 'context_window' : 'general'
    if (this.fallBack(fallback, now)) return this.run.candidates(now)
    return removals?.toError(this.resolution.requestedName, this.request.tags) ?? exhausted()
  }

  private buildPickContext(now: number, wholeLevel: boolean): PickContext {
    return {
      requestedName: this.resolution.requestedName,
      group: this.run.group.name,
      now,
      random: this.context.random,
      inputTokens: this.request.inputTokens,
      maxOutputTokens: this.request.maxOutputTokens,
      stream: this.request.stream,
      wholeLevel,
      isEven: this.run.group.isEven,
    }
  }
}

const stop: FailureDecision = { action: 'stop', delayMs: 0 }

function exhausted(): GatewayError {
  return new GatewayError('timeout', 'No attempt could be started before the deadline.')
}
