import { GatewayError } from '@routeiq/contract'
import { calendarMonth } from './calendar-month.ts'
import type {
  CountedDimension,
  Feature,
  MonthlyDimension,
  Quota,
  QuotaLimit,
  QuotaPrincipal,
} from './quota.ts'
import type { QuotaStore } from './quota-store.ts'
import { RouteRates } from './route-rates.ts'

const longestRetrySeconds = 5

/**
 * Who may do how much. The limits themselves are in memory, so that asking costs two look-ups; what is used of a monthly
 * one is counted in the store. Without a quota nothing is limited and nothing is counted.
 */
export class Quotas {
  readonly rates = new RouteRates()
  readonly #store: Pick<QuotaStore, 'list' | 'take'>
  readonly #now: () => number
  #quotas: ReadonlyMap<string, Quota> = new Map()

  constructor(store: Pick<QuotaStore, 'list' | 'take'>, now: () => number) {
    this.#store = store
    this.#now = now
  }

  /** Reads all quotas again. */
  async refresh(): Promise<void> {
    const quotas = await this.#store.list()
    this.#quotas = new Map(quotas.map((quota) => [keyOf(quota), quota]))
  }

  /** The one set for exactly this workspace, or this key in it. */
  find(principal: QuotaPrincipal): Quota | null {
    return this.#quotas.get(keyOf(principal)) ?? null
  }

  /** Errors: 403 `feature_disabled` when the workspace or the key has it switched off. */
  requireFeature(principal: QuotaPrincipal, feature: Feature): void {
    const quota = this.#applying(principal).find(({ limits }) => limits[feature] === false)
    if (quota === undefined) return
    throw new GatewayError('feature_disabled', `The plan ${quota.plan} does not include ${feature}.`, {
      status: 403,
      headers: { 'x-ratelimit-plan': quota.plan },
      extras: { plan: quota.plan, feature },
    })
  }

  /** How many of something a workspace may have, for the store that makes them; null when as many as it likes. */
  limitOf(workspaceId: string, dimension: CountedDimension): QuotaLimit | null {
    const quota = this.find({ workspaceId, keyHash: null })
    const limit = quota?.limits[dimension]
    return quota === null || limit === undefined ? null : { plan: quota.plan, dimension, limit }
  }

  /** Uses up a part of a month. Errors: 429 `quota_exceeded`, and nothing is taken. */
  async take(principal: QuotaPrincipal, dimension: MonthlyDimension, amount = 1): Promise<void> {
    const allowances = this.#applying(principal).flatMap(({ keyHash, plan, limits }) => {
      const limit = limits[dimension]
      return limit === undefined ? [] : [{ keyHash, plan, dimension, limit }]
    })
    if (allowances.length === 0 || amount === 0) return
    await this.#store.take(principal.workspaceId, allowances, amount, calendarMonth(this.#now()))
  }

  /** Counts one call of the hot path; needs no database. Errors: 429 `rate_limit_exceeded` with `Retry-After`. */
  admitRouteCall(principal: QuotaPrincipal): void {
    for (const { workspaceId, keyHash, plan, limits } of this.#applying(principal)) {
      const limit = limits.route_calls_minute
      if (limit === undefined) continue
      const waitSeconds = this.rates.count(keyOf({ workspaceId, keyHash }), limit, this.#now())
      if (waitSeconds === null) continue
      throw new GatewayError(
        'rate_limit_exceeded',
        `The plan ${plan} allows ${limit} routing calls a minute.`,
        {
          retryAfterSeconds: Math.min(waitSeconds, longestRetrySeconds),
          headers: { 'x-ratelimit-plan': plan },
        },
      )
    }
  }

  /** The workspace's quota, then the key's. */
  #applying({ workspaceId, keyHash }: QuotaPrincipal): readonly Quota[] {
    if (this.#quotas.size === 0) return []
    const own = keyHash === null ? null : this.find({ workspaceId, keyHash })
    return [this.find({ workspaceId, keyHash: null }), own].filter((quota) => quota !== null)
  }
}

/** Neither part can hold a line feed. */
const keyOf = ({ workspaceId, keyHash }: QuotaPrincipal): string => `${workspaceId}\n${keyHash ?? ''}`
