import { GatewayError } from '@routeiq/contract'
import type { GovernanceConfig } from '../../config/config.ts'
import { mainBudget } from '../../governance/allowances.ts'
import { type CurrentSpend, currentSpend } from '../../governance/current-spend.ts'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Method, Route } from '../../http/router.ts'
import type { ChangedSubject } from '../../identity/authenticator.ts'
import { actorOf, type Caller } from '../../identity/caller.ts'
import { holdsPermission } from '../../identity/permissions.ts'
import type { Identity } from '../../pipeline/authenticate.ts'
import { type ControlEndpointOptions, controlEndpoint } from '../../rest/control-endpoint.ts'
import type { KeyStore } from '../../storage/key-store.ts'
import type { SpenderKind, SpendTotals } from '../../storage/spend-totals.ts'
import type { SubjectKind, SubjectRecord, SubjectStore } from '../../storage/subject-store.ts'
import type { KeyAdministration } from '../keys/key-administration.ts'
import { type Reach, reachOf } from './access.ts'
import { formatBudget } from './shared-budget.ts'

export interface SubjectRoutesDependencies {
  readonly identity: Identity
  readonly subjects: SubjectStore
  readonly keys: KeyStore
  readonly administration: KeyAdministration
  readonly totals: SpendTotals
  readonly settings: () => GovernanceConfig
  readonly now: () => number
  readonly onKeysChanged: (tokenHashes: readonly string[]) => void
  /** Called with what was made, changed or deleted, so that every process drops what it has cached. */
  readonly onSubjectsChanged: (changed: readonly ChangedSubject[]) => void
}

interface RouteOptions<Body> extends Pick<ControlEndpointOptions<Body>, 'body' | 'answer'> {
  readonly permission: string
  /** Callers without the permission who have something of their own here. */
  readonly alsoAdmits?: (caller: Caller) => boolean
}

/** What the routes of users, teams, organizations, customers, tags and budgets share. */
export class SubjectContext {
  readonly deps: SubjectRoutesDependencies

  constructor(deps: SubjectRoutesDependencies) {
    this.deps = deps
  }

  /** A management route for admins, holders of its permission, viewers where it only reads, and who else is named. */
  route<Body>(method: Method, template: string, options: RouteOptions<Body>): Route<Endpoint> {
    const { permission, body, answer } = options
    const alsoAdmits = (caller: Caller): boolean =>
      holdsPermission(caller, permission) ||
      this.#isViewer(caller, permission) ||
      options.alsoAdmits?.(caller) === true
    const { identity } = this.deps
    const handler = controlEndpoint({ identity, errors: 'openai-chat', alsoAdmits, body, answer })
    return { method, template, auth: 'admin', handler }
  }

  reach(caller: Caller | null, permission: string): Promise<Reach> {
    const { subjects, settings } = this.deps
    return reachOf({ subjects, managesByRole: () => settings().managesByRole }, caller, permission)
  }

  /** Errors: 404 naming what is missing. */
  async find(kind: SubjectKind, id: string): Promise<SubjectRecord> {
    const record = await this.deps.subjects.find(kind, id)
    if (record === null) throw noSuchSubject(kind, id)
    return record
  }

  async create(
    kind: SubjectKind,
    id: string,
    fields: Partial<Pick<SubjectRecord, 'alias' | 'organizationId' | 'blocked' | 'models' | 'metadata'>>,
    settings: SubjectRecord['settings'],
    caller: Caller | null,
  ): Promise<SubjectRecord> {
    const record = await this.deps.subjects.create({
      ...{ kind, id, alias: null, organizationId: null, blocked: false, models: [], metadata: {} },
      ...fields,
      settings: this.withSpend(settings),
      createdBy: actorOf(caller),
    })
    this.deps.onSubjectsChanged([{ kind, id }])
    return record
  }

  /** Errors: 404. */
  async update(
    kind: SubjectKind,
    id: string,
    changes: Parameters<SubjectStore['update']>[2],
  ): Promise<SubjectRecord> {
    const { settings, ...fields } = changes
    const record = await this.deps.subjects.update(kind, id, {
      ...fields,
      ...(settings === undefined ? {} : { settings: this.withSpend(settings) }),
    })
    if (record === null) throw noSuchSubject(kind, id)
    this.deps.onSubjectsChanged([{ kind, id }])
    return record
  }

  async delete(kind: SubjectKind, ids: readonly string[]): Promise<readonly SubjectRecord[]> {
    const deleted = await this.deps.subjects.delete(kind, ids)
    this.deps.onSubjectsChanged(ids.map((id) => ({ kind, id })))
    return deleted
  }

  /** Deletes the keys of users, teams or organizations that go away. */
  async deleteKeysOf(ownedBy: 'userId' | 'teamId' | 'organizationId', ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return
    const deleted = await this.deps.keys.delete({ ownedBy, ids })
    this.deps.onKeysChanged(deleted.map(({ tokenHash }) => tokenHash))
  }

  /** What somebody spent in the period of their own budget, or of the one they refer to. */
  async spendOf(scope: SpenderKind, { id, createdAt, settings }: SubjectRecord): Promise<CurrentSpend> {
    const { totals, now, settings: configured } = this.deps
    return currentSpend(totals, mainBudget(scope, id, createdAt, settings), now(), configured().timezone)
  }

  /** The budget somebody refers to, as a row; null for none. */
  async budgetOf({ settings }: Pick<SubjectRecord, 'settings'>): Promise<object | null> {
    const budgetId = settings['budget_id']
    const budget = typeof budgetId === 'string' ? await this.deps.subjects.find('budget', budgetId) : null
    return budget === null ? null : formatBudget(budget)
  }

  /** Spend set by hand counts from now on. */
  withSpend(settings: SubjectRecord['settings']): SubjectRecord['settings'] {
    return settings['spend'] == null ? settings : { ...settings, spend_set_at: this.deps.now() }
  }

  #isViewer(caller: Caller, permission: string): boolean {
    return (
      this.deps.settings().managesByRole &&
      caller.role === 'proxy_admin_viewer' &&
      permission.endsWith('.read')
    )
  }
}

export function noSuchSubject(kind: SubjectKind, id: string): GatewayError {
  const name = `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`
  return new GatewayError('not_found', `${name} not found, ${name.toLowerCase()}_id=${id.slice(0, 256)}.`, {
    param: kind === 'customer' ? 'user_id' : `${kind}_id`,
  })
}

/** What every row has beside its own fields. Times are ISO 8601. */
export function formatSubject(
  record: SubjectRecord,
  { spend, resetsAt }: CurrentSpend,
): Record<string, unknown> {
  const { spend_set_at: _, ...settings } = record.settings
  return {
    ...absent,
    ...settings,
    organization_id: record.organizationId,
    blocked: record.blocked,
    models: record.models,
    metadata: record.metadata,
    spend,
    budget_reset_at: resetsAt === null ? null : new Date(resetsAt).toISOString(),
    created_by: record.createdBy,
    created_at: new Date(record.createdAt).toISOString(),
    updated_at: new Date(record.updatedAt).toISOString(),
  }
}

const absent = {
  max_budget: null,
  soft_budget: null,
  budget_duration: null,
  budget_id: null,
  tpm_limit: null,
  rpm_limit: null,
  max_parallel_requests: null,
}

/** Members of a body that are there, without those named. */
export function settingsOf(
  body: Readonly<Record<string, unknown>>,
  fields: readonly string[],
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(body).filter(([name, value]) => value !== undefined && !fields.includes(name)),
  )
}
