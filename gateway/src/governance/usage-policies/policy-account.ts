import { createHash } from 'node:crypto'
import { calendarWindow } from '../calendar-window.ts'
import type { UseAccount } from '../use-limit.ts'
import type { UsagePolicy } from './usage-policy.ts'

const longestGroup = 300

/**
 * Where a policy counts a group at a moment. A counter that was reset is another one, so that every process begins anew at
 * once.
 */
export function policyAccount(
  { policy_id, limit_period, resets }: UsagePolicy,
  group: string,
  now: number,
  timezone: string,
): UseAccount {
  const window = limit_period === 'none' ? null : calendarWindow(limit_period, now, timezone)
  const bucket = window === null ? 'all' : Math.floor(window.startsAt / 1_000)
  const subject = `policy:${policy_id}:${limit_period}:${bucket}:${resets.all}:${resets.groups[group] ?? 0}`
  return { subject, group, endsAt: window?.endsAt ?? null }
}

/** `user=ann,model=gpt`; empty for a policy that counts everybody together. */
export function groupKey(values: readonly (readonly [path: string, value: string])[]): string {
  const text = values.map(([path, value]) => `${path}=${value}`).join(',')
  if (text.length <= longestGroup) return text
  return `sha256=${createHash('sha256').update(text).digest('hex')}`
}
