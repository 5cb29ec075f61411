import type { AnswerHistory } from './answer-history.ts'
import type { LatencyRing } from './latency-ring.ts'

/** A probe that has not answered for this long no longer keeps others from probing. */
const probeLeaseMs = 30_000
const rateLimitMemoryMs = 60_000
/** Weight of the newest answer in the rolling mean of output tokens. */
const outputMeanShare = 0.1

/** Why and until when a deployment is left alone. */
export interface Cooldown {
  readonly deploymentId: string
  /** Epoch milliseconds. */
  readonly untilMs: number
  readonly durationMs: number
  /** The upstream status that caused it, 0 for a broken connection or a timeout. */
  readonly status: number
  /** At most 50 characters, scrubbed. */
  readonly reason: string
  readonly startedAtMs: number
}

/** Where states that are of interest to all enter themselves. */
export interface StateCollections {
  /** Those with a cooldown, over or not. */
  readonly cooling: Set<DeploymentState>
  /** Those whose usage has changed, for sharing it; null when nobody shares. */
  readonly touched: Set<DeploymentState> | null
}

/**
 * Everything that changes about one deployment while requests run. One object per deployment id; it outlives
 * configuration reloads. All times are epoch milliseconds given by the caller. What every request needs comes first, so
 * that it lies together in memory.
 */
export class DeploymentState {
  inFlight = 0
  cooldown: Cooldown | null = null
  private readonly collections: StateCollections
  private readonly history: AnswerHistory
  /** Its place in the history. */
  private readonly place: number
  /** True from the end of a cooldown until an attempt has shown that the deployment works again. */
  private recovering = false
  private probeStartedAt: number | null = null
  private minute = -1
  private minuteRequests = 0
  private minuteTokens = 0
  private minuteSuccesses = 0
  private minuteFailures = 0
  readonly id: string
  timeToFirstByte: LatencyRing | null = null
  secondsPerToken: LatencyRing | null = null
  /** Failure times within the counting window, oldest first; used by the counting mode of cooldowns. */
  readonly recentFailures: number[] = []
  private rateLimitedAt = Number.NEGATIVE_INFINITY
  /** Served elsewhere in this minute, as other workers and replicas told. */
  private foreignRequests = 0
  private foreignTokens = 0
  /** The part of this minute's own numbers that the others know. */
  private sharedRequests = 0
  private sharedTokens = 0
  private readonly overBudget = { deployment: 0, provider: 0 }

  constructor(id: string, collections: StateCollections, history: AnswerHistory, place: number) {
    this.id = id
    this.collections = collections
    this.history = history
    this.place = place
  }

  /** Counts an answer: milliseconds to its first byte and its output tokens, null when they are not known. */
  recordAnswer(milliseconds: number, outputTokens: number | null): void {
    const { history, place } = this
    history.recordTime(place, milliseconds)
    if (outputTokens === null) return
    const mean = history.meanTokens(place)
    history.setMeanTokens(place, mean === 0 ? outputTokens : mean + (outputTokens - mean) * outputMeanShare)
  }

  /** Rolling mean of output tokens per answer, 0 before the first one. */
  get meanOutputTokens(): number {
    return this.history.meanTokens(this.place)
  }

  /** Last answers whose times are remembered. */
  get answers(): number {
    return this.history.count(this.place)
  }

  /** Milliseconds to the first byte that this share (0 to 1) of so many last answers did not exceed; null before the first. */
  answerTime(share: number, most: number): number | null {
    return this.history.percentile(this.place, share, most)
  }

  /** Until when its own budget, or that of its provider, is used up; 0 where it is not. */
  setOverBudget(scope: 'deployment' | 'provider', untilMs: number): void {
    this.overBudget[scope] = untilMs
  }

  isOverBudget(nowMs: number): boolean {
    return this.overBudget.deployment > nowMs || this.overBudget.provider > nowMs
  }

  /** Milliseconds until the cooldown ends, 0 when there is none. */
  cooldownRemainingMs(now: number): number {
    return this.cooldown === null ? 0 : Math.max(0, this.cooldown.untilMs - now)
  }

  isCoolingDown(now: number): boolean {
    return this.cooldown !== null && now < this.cooldown.untilMs
  }

  /** Its provider has just refused a call for their number. */
  noteRateLimit(now: number): void {
    this.rateLimitedAt = now
  }

  /** Whether it did so within a minute, as far as this process knows or a cooldown tells. */
  wasRateLimited(now: number): boolean {
    const { cooldown } = this
    const told = cooldown !== null && cooldown.status === 429 ? cooldown.startedAtMs : this.rateLimitedAt
    return now - Math.max(told, this.rateLimitedAt) < rateLimitMemoryMs
  }

  /** Whether the one probe allowed after a cooldown is already on its way. */
  isProbeTaken(now: number): boolean {
    return this.recovering && this.probeStartedAt !== null && now - this.probeStartedAt < probeLeaseMs
  }

  startCooldown(cooldown: Cooldown): void {
    this.cooldown = cooldown
    this.collections.cooling.add(this)
    this.recovering = true
    this.probeStartedAt = null
    this.recentFailures.length = 0
  }

  /** Whether the next attempt is the half-open probe; it takes the probe when it is. */
  takeProbe(now: number): boolean {
    if (!this.recovering || this.isCoolingDown(now) || this.isProbeTaken(now)) return false
    this.probeStartedAt = now
    return true
  }

  /** The probe ended without a verdict, for example because the client left. */
  returnProbe(): void {
    this.probeStartedAt = null
  }

  /**
   * The deployment answered. An expired cooldown is forgotten; a running one stands, because the answer may belong
   * to a request that was sent before it began.
   */
  recover(now: number): void {
    if (!this.isCoolingDown(now)) this.endCooldown()
  }

  /** Somebody vouches for the deployment: it is called again like any other. */
  endCooldown(): void {
    if (this.cooldown !== null) this.collections.cooling.delete(this)
    this.cooldown = null
    this.recovering = false
    this.probeStartedAt = null
  }

  requestsThisMinute(now: number): number {
    this.turnMinute(now)
    return this.minuteRequests + this.foreignRequests
  }

  tokensThisMinute(now: number): number {
    this.turnMinute(now)
    return this.minuteTokens + this.foreignTokens
  }

  successesThisMinute(now: number): number {
    this.turnMinute(now)
    return this.minuteSuccesses
  }

  failuresThisMinute(now: number): number {
    this.turnMinute(now)
    return this.minuteFailures
  }

  /** Counts a starting attempt and reserves its estimated tokens in the current UTC minute. */
  reserve(now: number, tokens: number): void {
    this.turnMinute(now)
    this.inFlight++
    this.minuteRequests++
    this.minuteTokens += tokens
    this.collections.touched?.add(this)
  }

  /**
   * Ends what `reserve` began: replaces the reserved tokens by the used ones when the minute of the reservation
   * is still current.
   */
  release(now: number, reservedAt: number, reservedTokens: number, usedTokens: number): void {
    this.inFlight--
    this.turnMinute(now)
    if (Math.floor(reservedAt / 60_000) !== this.minute) return
    this.minuteTokens = Math.max(0, this.minuteTokens + usedTokens - reservedTokens)
    this.collections.touched?.add(this)
  }

  /** What the others do not know yet of this minute; they are taken to know it from now on. */
  takeUnshared(now: number): { readonly minute: number; readonly requests: number; readonly tokens: number } {
    this.turnMinute(now)
    const requests = this.minuteRequests - this.sharedRequests
    const tokens = this.minuteTokens - this.sharedTokens
    this.sharedRequests = this.minuteRequests
    this.sharedTokens = this.minuteTokens
    return { minute: this.minute, requests, tokens }
  }

  /** Adds what was served elsewhere; news of another minute is too late to matter. */
  addForeign(now: number, minute: number, requests: number, tokens: number): void {
    this.turnMinute(now)
    if (minute !== this.minute) return
    this.foreignRequests += requests
    this.foreignTokens += tokens
  }

  countSuccess(now: number): void {
    this.turnMinute(now)
    this.minuteSuccesses++
  }

  countFailure(now: number): void {
    this.turnMinute(now)
    this.minuteFailures++
  }

  private turnMinute(now: number): void {
    const minute = Math.floor(now / 60_000)
    if (minute === this.minute) return
    this.minute = minute
    this.minuteRequests = 0
    this.minuteTokens = 0
    this.minuteSuccesses = 0
    this.minuteFailures = 0
    this.foreignRequests = 0
    this.foreignTokens = 0
    this.sharedRequests = 0
    this.sharedTokens = 0
  }
}
