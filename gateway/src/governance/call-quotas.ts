import { GatewayError } from '@routeiq/contract'
import type { QuotaConfig, QuotaLimitConfig } from '../config/config.ts'
import { NamePatterns } from '../patterns/name-patterns.ts'
import { type CalendarUnit, calendarWindow } from './calendar-window.ts'
import type { GovernedCall } from './governor.ts'
import { toNanoUsd, toUsd } from './nano-usd.ts'
import type { UseAccount, UseLimit, UseMetric } from './use-limit.ts'

/** Callers name few models; whoever sends others each time has them matched anew. */
const maxRemembered = 1_024

interface Quota {
  readonly config: QuotaLimitConfig
  readonly metric: UseMetric
  readonly limit: number
  readonly models: NamePatterns | null
  readonly routes: NamePatterns | null
}

const metrics: Readonly<Record<QuotaLimitConfig['metric'], UseMetric>> = {
  requests: 'requests',
  input_tokens: 'input_tokens',
  output_tokens: 'output_tokens',
  total_tokens: 'tokens',
  spend_usd: 'cost',
}

/** Quotas of the operator that every caller has for itself, compiled from one configuration. */
export class CallQuotas {
  readonly #config: QuotaConfig
  readonly #quotas: readonly Quota[]
  readonly #concerned = new Map<string, readonly Quota[]>()

  constructor(config: QuotaConfig) {
    this.#config = config
    this.#quotas = config.limits.map((limit) => ({
      config: limit,
      metric: metrics[limit.metric],
      limit: limit.metric === 'spend_usd' ? toNanoUsd(limit.limit) : limit.limit,
      models: limit.models.length === 0 ? null : new NamePatterns(limit.models, true),
      routes: limit.routes.length === 0 ? null : new NamePatterns(limit.routes, true),
    }))
  }

  /** What a call is held to. */
  limitsOf(call: GovernedCall, now: number): readonly UseLimit[] {
    const concerned = this.#find(call)
    if (concerned.length === 0) return concerned as readonly never[]
    const subject = subjectOf(call)
    return concerned.map((quota) => new QuotaUse(quota, this.#config, subject, now))
  }

  #find({ group, requestedModel, route }: GovernedCall): readonly Quota[] {
    const name = `${route}\n${group.name}\n${requestedModel}`
    let found = this.#concerned.get(name)
    if (found === undefined) {
      const routes = route === null ? [] : [route, `/v1${route}`]
      found = this.#quotas.filter(
        (quota) =>
          (quota.models === null ||
            quota.models.matches(requestedModel) ||
            quota.models.matches(group.name)) &&
          (quota.routes === null || routes.some((path) => quota.routes?.matches(path))),
      )
      if (this.#concerned.size >= maxRemembered) this.#concerned.clear()
      this.#concerned.set(name, found)
    }
    return found
  }
}

/** Team, else user, else key, else address. */
function subjectOf({ caller, address }: GovernedCall): string {
  if (caller.teamId !== null) return `team:${caller.teamId}`
  if (caller.userId !== null) return `user:${caller.userId}`
  return caller.keyHash === null ? `ip:${address ?? 'unknown'}` : `key:${caller.keyHash}`
}

/** Kept beyond the process unless the window is over before that could matter. */
const isLong = (window: CalendarUnit): boolean => window !== 'minute'

class QuotaUse implements UseLimit {
  readonly account: UseAccount
  readonly metric: UseMetric
  readonly limit: number
  readonly isKept: boolean
  readonly reconciles: boolean
  readonly priceOfThousand: number
  readonly failsClosed: boolean
  readonly #config: QuotaLimitConfig

  constructor({ config, metric, limit }: Quota, all: QuotaConfig, subject: string, now: number) {
    const { startsAt, endsAt } = calendarWindow(config.window, now, 'UTC')
    const bucket = Math.floor(startsAt / 1_000)
    this.account = {
      subject: `quota:${subject}:${config.metric}:${config.window}:${bucket}:${config.id}`,
      group: '',
      endsAt,
    }
    this.metric = metric
    this.limit = limit
    this.isKept = isLong(config.window)
    this.reconciles = all.reconciles
    this.priceOfThousand = toNanoUsd(all.pricePerThousandUsd)
    this.failsClosed = all.failsClosed
    this.#config = config
  }

  refuse(used: number, now: number): GatewayError {
    const { metric, window, limit } = this.#config
    const current = this.metric === 'cost' ? toUsd(used) : used
    const seconds = Math.max(1, Math.ceil(((this.account.endsAt ?? now) - now) / 1_000))
    const message = `Quota exceeded: ${current} of ${limit} ${metric} used this ${window}. Resets in ${seconds} s.`
    return new GatewayError('quota_exceeded', message, {
      retryAfterSeconds: seconds,
      extras: { metric, window, current, limit, retry_after: seconds },
    })
  }

  unavailable(cause: unknown): GatewayError {
    const message = 'Quotas cannot be counted at the moment, and this gateway lets nothing pass uncounted.'
    return new GatewayError('quota_storage_unavailable', message, { cause, retryAfterSeconds: 1 })
  }

  onAdmitted(): void {}
}
