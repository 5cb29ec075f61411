import type { ProviderBreakerLimits } from '../config/config.ts'

export type BreakerState = 'closed' | 'open' | 'half_open'

/** What others must hear to come to the same states. */
export type ProviderEvent =
  | { readonly kind: 'failed'; readonly provider: string; readonly at: number; readonly windowMs: number }
  | { readonly kind: 'opened'; readonly provider: string; readonly untilMs: number }
  /** `at` is null when a trial ended without a verdict. */
  | { readonly kind: 'tried'; readonly provider: string; readonly at: number | null }
  | { readonly kind: 'passed'; readonly provider: string }
  | { readonly kind: 'closed'; readonly provider: string }

export type ProviderEventListener = (event: ProviderEvent) => void
export type BreakerListener = (provider: string, before: BreakerState, after: BreakerState) => void

/** A trial that has not answered for this long no longer keeps others from trying. */
const trialLeaseMs = 30_000
const trialWaitMs = 1_000

interface Opening {
  /** Epoch milliseconds; from then on one call at a time tries whether the provider is back. */
  untilMs: number
  passes: number
  triedAt: number | null
}

/**
 * One circuit breaker per provider, for all its deployments together. Closed: failures within a window open it. Open: none
 * of its deployments is a candidate. Half open: one call at a time is let through; so many good ones close it, a bad one
 * opens it again. All times are epoch milliseconds given by the caller.
 */
export class ProviderBreakers {
  /** Times of recent failures of providers that are closed. */
  readonly #failures = new Map<string, readonly number[]>()
  readonly #openings = new Map<string, Opening>()
  readonly #eventListeners: ProviderEventListener[] = []
  readonly #stateListeners: BreakerListener[] = []

  /** Whether any provider is not closed. Without, nobody needs to ask for one. */
  get hasOpen(): boolean {
    return this.#openings.size > 0
  }

  /** What one that knows nothing yet must hear to leave the same providers alone. */
  listOpenings(): readonly ProviderEvent[] {
    return [...this.#openings].map(([provider, { untilMs }]) => ({ kind: 'opened', provider, untilMs }))
  }

  isClosed(provider: string): boolean {
    return !this.#openings.has(provider)
  }

  stateOf(provider: string, now: number): BreakerState {
    const opening = this.#openings.get(provider)
    if (opening === undefined) return 'closed'
    return now < opening.untilMs ? 'open' : 'half_open'
  }

  /** Milliseconds until a provider may be tried, null when it may be called now. */
  waitMs(provider: string, now: number): number | null {
    const opening = this.#openings.get(provider)
    if (opening === undefined) return null
    if (now < opening.untilMs) return opening.untilMs - now
    return isTrialTaken(opening, now) ? trialWaitMs : null
  }

  /** Whether the next call of a provider tries whether it is back; it takes the trial when it does. */
  takeTrial(provider: string, now: number): boolean {
    if (!this.hasOpen || this.waitMs(provider, now) !== null) return false
    const isHalfOpen = this.#openings.has(provider)
    if (isHalfOpen) this.#tell({ kind: 'tried', provider, at: now })
    return isHalfOpen
  }

  /** The trial ended without a verdict, for example because the client left. */
  returnTrial(provider: string): void {
    this.#tell({ kind: 'tried', provider, at: null })
  }

  passTrial(provider: string, { successThreshold }: ProviderBreakerLimits): void {
    const passes = (this.#openings.get(provider)?.passes ?? 0) + 1
    this.#tell({ kind: passes < successThreshold ? 'passed' : 'closed', provider })
  }

  failTrial(provider: string, { openMs }: ProviderBreakerLimits, now: number): void {
    this.#tell({ kind: 'opened', provider, untilMs: now + openMs })
  }

  /** Counts a failure of a call that was no trial; what was sent before the breaker opened says nothing new. */
  recordFailure(provider: string, limits: ProviderBreakerLimits, now: number): void {
    if (this.#openings.has(provider)) return
    const { windowMs, failureThreshold, openMs } = limits
    this.#tell({ kind: 'failed', provider, at: now, windowMs })
    if ((this.#failures.get(provider)?.length ?? 0) >= failureThreshold)
      this.#tell({ kind: 'opened', provider, untilMs: now + openMs })
  }

  /** Somebody vouches for the provider. */
  close(provider: string): void {
    if (this.#openings.has(provider)) this.#tell({ kind: 'closed', provider })
  }

  /** Closes all, and tells nobody but those who watch the states here. */
  reset(): void {
    for (const provider of [...this.#openings.keys()]) this.apply({ kind: 'closed', provider })
    this.#failures.clear()
  }

  /** Hears of what happens in this process, so that it can be shared. */
  onEvent(listener: ProviderEventListener): void {
    this.#eventListeners.push(listener)
  }

  /** Hears of every change of a state, whoever caused it. */
  onChange(listener: BreakerListener): void {
    this.#stateListeners.push(listener)
  }

  /** Takes over what happened in another process. */
  apply(event: ProviderEvent): void {
    const { provider } = event
    const opening = this.#openings.get(provider)
    if (event.kind === 'failed') {
      const recent = this.#failures.get(provider)?.filter((at) => event.at - at < event.windowMs) ?? []
      this.#failures.set(provider, [...recent, event.at])
    } else if (event.kind === 'opened') {
      this.#failures.delete(provider)
      this.#openings.set(provider, { untilMs: event.untilMs, passes: 0, triedAt: null })
      if (opening === undefined) this.#say(provider, 'closed', 'open')
      else if (isTried(opening)) this.#say(provider, 'half_open', 'open')
    } else if (opening !== undefined) this.#applyToOpening(event, opening)
  }

  #applyToOpening(event: ProviderEvent, opening: Opening): void {
    const { provider, kind } = event
    if (kind === 'tried') {
      if (event.at !== null && !isTried(opening)) this.#say(provider, 'open', 'half_open')
      opening.triedAt = event.at
    } else if (kind === 'passed') {
      opening.passes += 1
      opening.triedAt = null
    } else if (kind === 'closed') {
      this.#openings.delete(provider)
      this.#say(provider, isTried(opening) ? 'half_open' : 'open', 'closed')
    }
  }

  #tell(event: ProviderEvent): void {
    this.apply(event)
    for (const listener of this.#eventListeners) listener(event)
  }

  #say(provider: string, before: BreakerState, after: BreakerState): void {
    for (const listener of this.#stateListeners) listener(provider, before, after)
  }
}

function isTrialTaken({ triedAt }: Opening, now: number): boolean {
  return triedAt !== null && now - triedAt < trialLeaseMs
}

function isTried({ triedAt, passes }: Opening): boolean {
  return triedAt !== null || passes > 0
}
