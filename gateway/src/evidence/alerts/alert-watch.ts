import type { SkillStore } from '../../skills/skill-store.ts'
import type { RollupStore } from '../analytics/rollup-store.ts'
import { daysBefore, utcDay } from '../utc-day.ts'
import type { Alert, AlertStore } from './alert.ts'
import { findConditions } from './conditions.ts'
import { findFindings, type WatchedCounts } from './find-findings.ts'

export const watchEveryMs = 15 * 60_000
const windowDays = 30

export interface AlertWatchOptions {
  readonly store: AlertStore & Pick<RollupStore, 'refreshRollup' | 'readRollup'>
  readonly skills: Pick<SkillStore, 'find' | 'listVersions'>
  /** Tells the workspace's webhooks. */
  readonly announce: (workspaceId: string, alert: Alert) => Promise<void>
  readonly now: () => number
  readonly newId: () => string
}

/** Looks at every workspace in which something happened, opens and resolves its alerts. */
export async function watchAlerts(options: AlertWatchOptions): Promise<void> {
  // Twice the interval: a run may be late, and a day's alerts must still resolve when all falls silent.
  const since = options.now() - 2 * watchEveryMs
  for (const workspaceId of await options.store.listActiveWorkspaces(since, options.now()))
    await watchWorkspace(options, workspaceId)
}

/** Brings the alerts of one workspace up to date; answers those that were opened. */
export async function watchWorkspace(
  options: AlertWatchOptions,
  workspaceId: string,
): Promise<readonly Alert[]> {
  const { store, announce, now, newId } = options
  const rules = new Map((await store.listAlertRules(workspaceId)).map((rule) => [rule.kind, rule]))
  const found = [
    ...findFindings(await readCounts(options, workspaceId)),
    ...findConditions(await store.readConditions(workspaceId, now())),
  ]
  const findings = found.flatMap((finding) => {
    const rule = rules.get(finding.kind)
    return rule?.enabled === true ? [{ ...finding, id: newId(), severity: rule.severity }] : []
  })
  const opened = await store.reconcileAlerts(workspaceId, findings, now())
  for (const alert of opened) await announce(workspaceId, alert)
  return opened
}

async function readCounts(
  { store, skills, now }: AlertWatchOptions,
  workspaceId: string,
): Promise<WatchedCounts> {
  await store.refreshRollup(workspaceId)
  const today = utcDay(now())
  const window = { from: daysBefore(today, windowDays - 1), to: daysBefore(today, -1) }
  const earlier = { from: daysBefore(today, 2 * windowDays - 1), to: daysBefore(today, windowDays) }
  const [rows, before, decisions] = await Promise.all([
    store.readRollup(workspaceId, { ...window, by: ['skill_name', 'skill_id', 'content_hash'] }),
    store.readRollup(workspaceId, { ...earlier, by: ['skill_name'] }),
    store.countDegraded(workspaceId, now() - watchEveryMs),
  ])
  const versions = new Map<string, readonly string[]>()
  for (const name of namesWithVersions(rows)) {
    const skill = await skills.find(workspaceId, name)
    if (skill === null) continue
    const listed = await skills.listVersions(workspaceId, skill.skillId)
    versions.set(name, [...new Set(listed.map(({ contentHash }) => contentHash))])
  }
  return { rows, before, versions, decisions }
}

/** Skills of which two versions were judged; of the others there is nothing to compare. */
function namesWithVersions(rows: WatchedCounts['rows']): readonly string[] {
  const judged = new Map<string, number>()
  for (const { skillName, contentHash, passes, fails } of rows) {
    if (contentHash !== '' && passes + fails > 0) judged.set(skillName, (judged.get(skillName) ?? 0) + 1)
  }
  return [...judged].filter(([, count]) => count > 1).map(([name]) => name)
}
