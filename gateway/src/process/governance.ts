import { randomBytes } from 'node:crypto'
import type { GatewayConfig } from '../config/config.ts'
import type { RoutingSnapshot } from '../deployments/routing-snapshot.ts'
import { CallQuotas } from '../governance/call-quotas.ts'
import { type GovernedCall, Governor } from '../governance/governor.ts'
import { SubjectCache } from '../governance/subject-cache.ts'
import { UpstreamBudgets } from '../governance/upstream-budgets.ts'
import { shownUse, type UsageEvent, UsagePolicies } from '../governance/usage-policies/usage-policies.ts'
import { listUsagePolicies } from '../governance/usage-policies/usage-policy-book.ts'
import { UseCounters } from '../governance/use-counters.ts'
import type { UseLimit } from '../governance/use-limit.ts'
import type { Hub } from './hub.ts'
import type { Telemetry } from './telemetry.ts'

const nanoPerUsd = 1e9
const followEveryMs = 60_000
const maxTold = 10_000
const longestTellMs = 30 * 86_400_000

export interface Governance {
  readonly governor: Governor
  readonly subjects: SubjectCache
  readonly counters: UseCounters
  readonly upstream: UpstreamBudgets
  /** Reads the usage policies anew. */
  readonly refreshPolicies: () => Promise<void>
  /** Ends what runs in the background and writes what was counted. */
  close(): Promise<void>
}

/** What holds the calls of this process to budgets, rate limits, quotas and usage policies. */
export async function openGovernance(options: {
  readonly hub: Pick<Hub, 'limiter' | 'totals' | 'subjects' | 'uses' | 'state'>
  readonly telemetry: Telemetry
  readonly config: () => GatewayConfig
  readonly routing: () => RoutingSnapshot
  readonly now: () => number
}): Promise<Governance> {
  const { hub, telemetry, config, now } = options
  const subjects = new SubjectCache(hub.subjects, now)
  // Short, because every call that holds something carries one.
  const origin = randomBytes(6).toString('base64url')
  let calls = 0
  const onError = (error: unknown): void =>
    telemetry.logger.log('warn', 'limits_not_counted', {
      reason: error instanceof Error ? error.message : String(error),
    })
  const counters = new UseCounters({ store: hub.uses, onError })
  const policies = new UsagePolicies({
    timezone: () => config().governance.timezone,
    onEvent: announceUse(hub.state, telemetry, now),
  })
  const refreshPolicies = async (): Promise<void> => policies.replace(await listUsagePolicies(hub.subjects))
  await refreshPolicies()
  const upstream = new UpstreamBudgets({
    totals: hub.totals,
    routing: options.routing,
    timezone: () => config().governance.timezone,
    now,
    onError,
  })
  await upstream.start()
  // Gateways that share nothing but the database learn of changes so.
  const following = setInterval(() => void refreshPolicies().catch(onError), followEveryMs).unref()
  const governor = new Governor({
    limiter: hub.limiter,
    totals: hub.totals,
    subjects,
    settings: () => config().governance,
    useLimits: findUseLimits(config, policies),
    counters,
    newId: () => {
      calls += 1
      return `${origin}:${calls}`
    },
    now,
    onSoftBudget: ({ scope, id, soft }, spent) =>
      telemetry.logger.log('warn', 'soft_budget_exceeded', {
        scope,
        id,
        soft_budget: (soft ?? 0) / nanoPerUsd,
        spend: spent / nanoPerUsd,
      }),
    onError,
    onUncounted: () => telemetry.metrics.countUncountedCall(),
  })
  return {
    governor,
    subjects,
    counters,
    upstream,
    refreshPolicies,
    close: () => {
      clearInterval(following)
      upstream.close()
      governor.close()
      return counters.close()
    },
  }
}

/** A line of the log for each crossing of a threshold in a period, whichever process sees it first. */
function announceUse(
  state: Hub['state'],
  { logger }: Telemetry,
  now: () => number,
): (event: UsageEvent) => void {
  const told = new Set<string>()
  return ({ policy, group, share, used, account }) => {
    const key = `policy-alert:${account.subject}:${group}:${share}`
    if (told.has(key)) return
    if (told.size >= maxTold) told.clear()
    told.add(key)
    const ttlMs = account.endsAt === null ? longestTellMs : Math.max(1, account.endsAt - now())
    const telling = state.increment([{ key, by: 1, ttlMs, limit: 1 }]).then(({ refusedBy }) => {
      if (refusedBy !== null) return
      logger.log(policy.action === 'log' ? 'info' : 'warn', 'usage_policy_alert', {
        ...{ policy_id: policy.policy_id, name: policy.name, group_key: group === '' ? '__global__' : group },
        ...{ threshold: share, current_usage: shownUse(policy, used), limit_value: policy.limit_value },
        ...{ limit_type: policy.limit_type, limit_period: policy.limit_period, action: policy.action },
      })
    })
    telling.catch(() => told.delete(key))
  }
}

const none: readonly never[] = []

/** Quotas are compiled once for every configuration. */
function findUseLimits(
  config: () => GatewayConfig,
  policies: UsagePolicies,
): (call: GovernedCall, now: number) => readonly UseLimit[] {
  let compiled: { readonly config: GatewayConfig['quota']; readonly quotas: CallQuotas } | null = null
  return (call, now) => {
    const { quota, governance } = config()
    const ofPolicies = governance.hasUsagePolicies ? policies.limitsOf(call, now) : none
    if (!quota.isEnabled) return ofPolicies
    if (compiled?.config !== quota) compiled = { config: quota, quotas: new CallQuotas(quota) }
    return [...compiled.quotas.limitsOf(call, now), ...ofPolicies]
  }
}
