import { GatewayError } from '@routeiq/contract'
import type { ProviderBreakers } from '../balancing/provider-breakers.ts'
import type { Deployment } from './deployment.ts'
import type { RemovalReason, RemovalSink } from './filter-candidates.ts'

/** Collects why deployments were not candidates, and says it to the client when none was left. */
export class Removals implements RemovalSink {
  readonly reasons = new Map<string, RemovalReason>()
  private shortestWaitMs = Number.POSITIVE_INFINITY
  private readonly now: number
  private readonly breakers: ProviderBreakers | null

  /** `breakers` is null where providers have none. */
  constructor(now: number, breakers: ProviderBreakers | null) {
    this.now = now
    this.breakers = breakers
  }

  removed(deployment: Deployment, reason: RemovalReason): void {
    this.reasons.set(deployment.id, reason)
    const wait = this.waitMs(deployment, reason)
    if (wait !== null && wait < this.shortestWaitMs) this.shortestWaitMs = wait
  }

  /** Milliseconds until the first removed deployment may be a candidate again, null when waiting does not help. */
  get retryAfterMs(): number | null {
    return Number.isFinite(this.shortestWaitMs) ? this.shortestWaitMs : null
  }

  get exceedsContext(): boolean {
    return this.includes('context_window')
  }

  includes(reason: RemovalReason): boolean {
    for (const found of this.reasons.values()) if (found === reason) return true
    return false
  }

  /** The error for a request that no deployment may serve. */
  toError(model: string, tags: readonly string[]): GatewayError {
    if (this.exceedsContext) return contextError(model)
    if (this.isOnly('team')) return teamError(model)
    if (this.isOnly('operation')) return operationError(model)
    if (this.isOnly('account')) return accountError(model)
    if (this.isOnly('budget')) return budgetError(model)
    if (this.includes('tags')) return tagError(model, tags)
    if (this.retryAfterMs !== null) return this.unavailableError(model, this.retryAfterMs)
    const counts = this.describeCounts()
    const message = `No eligible deployment for model=${model}. Filtered out: ${counts === '' ? 'none configured' : counts}.`
    return new GatewayError('no_eligible_deployment', message, { retryAfterSeconds: 1 })
  }

  /** `cooldown: 2, blocked: 1`. */
  describeCounts(): string {
    const counts = new Map<RemovalReason, number>()
    for (const reason of this.reasons.values()) counts.set(reason, (counts.get(reason) ?? 0) + 1)
    return [...counts].map(([reason, count]) => `${reason}: ${count}`).join(', ')
  }

  private unavailableError(model: string, waitMs: number): GatewayError {
    const seconds = Math.max(1, Math.ceil(waitMs / 1000))
    const message =
      `No deployments available for selected model, Try again in ${seconds} seconds. ` +
      `Passed model=${model}. Filtered out: ${this.describeCounts()}.`
    return new GatewayError('no_deployments_available', message, { retryAfterSeconds: seconds })
  }

  private isOnly(reason: RemovalReason): boolean {
    if (this.reasons.size === 0) return false
    for (const found of this.reasons.values()) if (found !== reason) return false
    return true
  }

  private waitMs(deployment: Deployment, reason: RemovalReason): number | null {
    if (reason === 'cooldown') return deployment.state.cooldownRemainingMs(this.now) || 1000
    if (reason === 'provider') return this.breakers?.waitMs(deployment.provider.id, this.now) ?? 1000
    if (reason === 'rate_limit') return 60_000 - (this.now % 60_000)
    return reason === 'parallel_limit' ? 1000 : null
  }
}

function budgetError(model: string): GatewayError {
  const message = `No deployments available - crossed budget: every deployment of model=${model}, or its provider, is over budget.`
  return new GatewayError('budget_exceeded', message, { retryAfterSeconds: 3_600 })
}

function contextError(model: string): GatewayError {
  const message =
    `ContextWindowExceededError: the prompt is too long for the context length of every eligible deployment of ` +
    `model=${model}.`
  return new GatewayError('context_length_exceeded', message, { param: 'messages' })
}

function teamError(model: string): GatewayError {
  return new GatewayError(
    'key_model_access_denied',
    `key not allowed to access model. Tried to access ${model}`,
  )
}

function accountError(model: string): GatewayError {
  const message = `The response to continue is kept by a provider account that does not serve ${model}. Continue it with the model it came from.`
  return new GatewayError('previous_response_not_found', message, { param: 'previous_response_id' })
}

function operationError(model: string): GatewayError {
  const message = `The provider of model=${model} has no such endpoint; choose another model.`
  return new GatewayError('unsupported_parameter', message, { param: 'model' })
}

function tagError(model: string, tags: readonly string[]): GatewayError {
  const list = tags.map((tag) => `'${tag}'`).join(', ')
  const message = `Not allowed to access model due to tags configuration. Passed model=${model} and tags=[${list}]`
  return new GatewayError('permission_denied', message, { status: 401 })
}
