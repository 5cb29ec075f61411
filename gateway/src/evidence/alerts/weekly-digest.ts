import { priorOf } from '../analytics/format-effectiveness.ts'
import { findGaps } from '../analytics/gaps.ts'
import { formatLeaderboard } from '../analytics/leaderboard.ts'
import { formatMetricRows } from '../analytics/metric-rows.ts'
import { share, tallyOf } from '../analytics/tally.ts'
import type { AnalyticsReader } from '../api/analytics-reader.ts'
import { daysBefore, utcDay } from '../utc-day.ts'
import { newDelivery } from '../webhooks/announce-alert.ts'
import type { WebhookStore } from '../webhooks/webhook.ts'
import type { AlertStore } from './alert.ts'

/** What a webhook asks for to get the digest. */
export const digestKind = 'weekly_digest'

const windowDays = 7
const shownSkills = 10
const shownAlerts = 50
const dayMs = 86_400_000

export interface DigestOptions {
  readonly store: Pick<AlertStore, 'listAlerts' | 'claimDigest' | 'listDigestedWorkspaces'> &
    Pick<WebhookStore, 'listWebhooks' | 'queueDeliveries'>
  readonly reader: Pick<AnalyticsReader, 'read'>
  readonly now: () => number
  readonly newMessageId: () => string
}

/** Sends what each workspace with a webhook for it has not been sent yet of the week that ended. */
export async function sendDueDigests(options: DigestOptions): Promise<void> {
  const { store, now } = options
  const week = daysBefore(mondayOf(now()), windowDays)
  for (const workspaceId of await store.listDigestedWorkspaces(week, digestKind))
    if (await store.claimDigest(workspaceId, week, now())) await sendDigest(options, workspaceId)
}

/** Tells a workspace's webhooks how the last seven days were; returns what is sent, and to how many. */
export async function sendDigest(
  options: DigestOptions,
  workspaceId: string,
): Promise<{ readonly digest: object; readonly queued: number }> {
  const { store } = options
  const digest = await composeDigest(options, workspaceId)
  const webhooks = (await store.listWebhooks(workspaceId)).filter(
    ({ enabled, kinds }) => enabled && (kinds.length === 0 || kinds.includes(digestKind)),
  )
  await store.queueDeliveries(
    webhooks.map(({ id }) => newDelivery(options, workspaceId, id, 'digest.weekly', digest)),
  )
  return { digest, queued: webhooks.length }
}

async function composeDigest({ store, reader, now }: DigestOptions, workspaceId: string): Promise<object> {
  const at = now()
  const by = ['skill_name', 'skill_id', 'content_hash', 'model_name', 'model_family'] as const
  const [rows, before, all] = await reader.read(
    workspaceId,
    windowDays,
    { agentName: null, skillName: null },
    by,
  )
  const since = at - windowDays * dayMs
  const alerts = await store.listAlerts(workspaceId, {
    ...{ state: null, kind: null, since, limit: shownAlerts, after: null },
  })
  const prior = priorOf(all)
  const [tally, earlier] = [tallyOf(rows), tallyOf(before)]
  const metrics = formatMetricRows({ rows, before, prior, versionNumbers: new Map() }) as {
    name: string
    trend: string
    activation_count: number
  }[]
  const ofTrend = (wanted: string): string[] =>
    metrics.filter(({ trend }) => trend === wanted).map(({ name }) => name)
  return {
    workspace_id: workspaceId,
    from: utcDay(since),
    to: utcDay(at),
    activations: tally.activations,
    activations_before: earlier.activations,
    judged_count: tally.passes + tally.fails,
    pass_rate: share(tally.passes, tally.passes + tally.fails),
    pass_rate_before: share(earlier.passes, earlier.passes + earlier.fails),
    most_used: metrics
      .toSorted((left, right) => right.activation_count - left.activation_count)
      .slice(0, shownSkills)
      .map(({ name, activation_count }) => ({ name, activation_count })),
    leaderboard: formatLeaderboard(rows, before, prior, shownSkills),
    improving: ofTrend('improving'),
    degrading: ofTrend('degrading'),
    gaps: findGaps(rows).map(({ name }) => name),
    alerts: alerts.map(({ kind, subject, severity, state }) => ({ kind, subject, severity, state })),
  }
}

/** The Monday of the week a moment is in, UTC. */
function mondayOf(time: number): string {
  const weekday = new Date(time).getUTCDay()
  return utcDay(time - ((weekday + 6) % 7) * dayMs)
}
