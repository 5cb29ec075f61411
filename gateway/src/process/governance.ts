import { randomBytes } from 'node:crypto'
import type { GovernanceConfig } from '../config/config.ts'
import { Governor } from '../governance/governor.ts'
import { SubjectCache } from '../governance/subject-cache.ts'
import type { Hub } from './hub.ts'
import type { Telemetry } from './telemetry.ts'

const nanoPerUsd = 1e9

export interface Governance {
  readonly governor: Governor
  readonly subjects: SubjectCache
}

/** What holds the calls of this process to budgets and rate limits. */
export function openGovernance(options: {
  readonly hub: Pick<Hub, 'limiter' | 'totals' | 'subjects'>
  readonly telemetry: Telemetry
  readonly settings: () => GovernanceConfig
  readonly now: () => number
}): Governance {
  const { hub, telemetry, settings, now } = options
  const subjects = new SubjectCache(hub.subjects, now)
  // Short, because every call that holds something carries one.
  const origin = randomBytes(6).toString('base64url')
  let calls = 0
  const governor = new Governor({
    limiter: hub.limiter,
    totals: hub.totals,
    subjects,
    settings,
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
    onError: (error) =>
      telemetry.logger.log('warn', 'limits_not_counted', {
        reason: error instanceof Error ? error.message : String(error),
      }),
  })
  return { governor, subjects }
}
