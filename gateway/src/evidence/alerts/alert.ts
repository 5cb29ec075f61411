import type { Conditions } from './conditions.ts'

/** What a workspace can be warned of. */
export const alertKinds = [
  'skill_degrading',
  'version_regressed',
  'discoverability_gap',
  'router_degraded',
  'safety_changed',
  'upstream_update',
  'quota_near',
] as const

export type AlertKind = (typeof alertKinds)[number]
type AlertSeverity = 'info' | 'warning' | 'critical'
type AlertState = 'open' | 'acknowledged' | 'resolved'

/** What is wrong now, found from the counts. */
export interface Finding {
  readonly kind: AlertKind
  /** The skill's name; `router` for what concerns all of them; the dimension of a quota. */
  readonly subject: string
  /** The numbers it rests on. */
  readonly evidence: Readonly<Record<string, unknown>>
}

export interface Alert extends Finding {
  readonly id: string
  readonly severity: AlertSeverity
  readonly state: AlertState
  readonly createdAt: number
  readonly updatedAt: number
}

/** Whether a workspace wants a kind of alert, and how loud. */
export interface AlertRule {
  readonly kind: AlertKind
  readonly enabled: boolean
  readonly severity: AlertSeverity
}

interface AlertQuery {
  readonly state: string | null
  readonly kind: string | null
  /** Epoch milliseconds. */
  readonly since: number | null
  readonly limit: number
  /** The id the last page ended with. */
  readonly after: string | null
}

/** Alerts and rules, each in its workspace. Rejects with `storage_unavailable` when the database does not answer. */
export interface AlertStore {
  /**
   * Opens what is new, renews what is still open, resolves what is no longer found. One alert a kind and subject is
   * open at a time, and it is not opened again within 24 hours. Returns those that were opened.
   */
  reconcileAlerts(
    workspaceId: string,
    findings: readonly (Finding & { readonly id: string; readonly severity: AlertSeverity })[],
    now: number,
  ): Promise<readonly Alert[]>
  /** The newest first. */
  listAlerts(workspaceId: string, query: AlertQuery): Promise<readonly Alert[]>
  /** Null when there is none. A resolved alert stays resolved. */
  acknowledgeAlert(workspaceId: string, id: string, now: number): Promise<Alert | null>
  /** Every kind, those nobody changed with their defaults. */
  listAlertRules(workspaceId: string): Promise<readonly AlertRule[]>
  saveAlertRule(workspaceId: string, rule: AlertRule, now: number): Promise<void>
  /** Workspaces in which something has happened since, or that have something to be told of. */
  listActiveWorkspaces(since: number, now: number): Promise<readonly string[]>
  /** How skills and quotas of a workspace stand. */
  readConditions(workspaceId: string, now: number): Promise<Conditions>
  /** Workspaces with a webhook for this kind of message that were not sent this week's digest. */
  listDigestedWorkspaces(week: string, kind: string): Promise<readonly string[]>
  /** True for the first who asks; the digest of a week is sent once. */
  claimDigest(workspaceId: string, week: string, now: number): Promise<boolean>
  /** Decisions made since, and how many of them were degraded, by reason. */
  countDegraded(
    workspaceId: string,
    since: number,
  ): Promise<{ readonly total: number; readonly byReason: Readonly<Record<string, number>> }>
}
