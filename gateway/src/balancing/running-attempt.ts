import type { Deployment, ModelGroup } from '../deployments/deployment.ts'
import type { FailureKind } from '../providers/failure.ts'
import type { SafePick } from './pick-safely.ts'
import type { ProviderBreakers } from './provider-breakers.ts'
import type { AttemptOutcome, PickContext, Strategy } from './strategy.ts'

/** Tokens of a finished answer, as far as known. */
export interface AttemptTokens {
  readonly inputTokens: number
  readonly outputTokens: number
}

/** One upstream attempt: holds its slot and reservation from the pick until it ends, exactly once. */
export class RunningAttempt {
  readonly deployment: Deployment
  readonly group: ModelGroup
  readonly pick: SafePick
  readonly startedAt: number
  readonly probe: boolean
  /** Whether it tries for all whether its provider is back; until the first verdict. */
  trial: boolean
  firstByteAt: number | null = null
  private readonly context: PickContext
  private readonly strategy: Strategy
  private readonly breakers: ProviderBreakers | null
  private readonly reservedTokens: number
  private ended = false

  /** `breakers` is null where providers have none. */
  constructor(
    group: ModelGroup,
    pick: SafePick,
    context: PickContext,
    strategy: Strategy,
    breakers: ProviderBreakers | null,
  ) {
    this.deployment = pick.deployment
    this.group = group
    this.pick = pick
    this.context = context
    this.strategy = strategy
    this.breakers = breakers
    this.startedAt = context.now
    const { state } = this.deployment
    const expectedOutput = Math.min(
      state.meanOutputTokens,
      context.maxOutputTokens ?? Number.POSITIVE_INFINITY,
    )
    this.reservedTokens = context.inputTokens + Math.ceil(expectedOutput)
    this.probe = state.takeProbe(context.now)
    this.trial = breakers?.takeTrial(this.provider, context.now) ?? false
    state.reserve(context.now, this.reservedTokens)
  }

  get provider(): string {
    return this.deployment.provider.id
  }

  /** Releases the slot, settles tokens and tells the strategy. False when the attempt had already ended. */
  end(
    now: number,
    result: AttemptOutcome['result'],
    failureKind: FailureKind | null,
    tokens: AttemptTokens | null,
  ): boolean {
    if (this.ended) return false
    this.ended = true
    const { state } = this.deployment
    const unknown = result === 'success' ? this.reservedTokens : 0
    const used = tokens === null ? unknown : tokens.inputTokens + tokens.outputTokens
    state.release(now, this.startedAt, this.reservedTokens, used)
    if (result === 'success')
      state.recordAnswer((this.firstByteAt ?? now) - this.startedAt, tokens?.outputTokens ?? null)
    if (result === 'aborted' && this.probe) state.returnProbe()
    if (result === 'aborted' && this.trial) this.breakers?.returnTrial(this.provider)
    this.settle(now, result, failureKind, tokens)
    return true
  }

  private settle(
    now: number,
    result: AttemptOutcome['result'],
    failureKind: FailureKind | null,
    tokens: AttemptTokens | null,
  ): void {
    if (this.strategy.settle === undefined) return
    const outcome: AttemptOutcome = {
      deployment: this.deployment,
      result,
      failureKind,
      durationMs: now - this.startedAt,
      firstByteMs: this.firstByteAt === null ? null : this.firstByteAt - this.startedAt,
      outputTokens: tokens?.outputTokens ?? null,
    }
    try {
      this.strategy.settle({ ...this.context, now }, outcome)
    } catch {
      // Feedback must never fail a request that has been answered.
    }
  }
}
