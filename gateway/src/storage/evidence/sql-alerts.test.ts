import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type AlertStore, alertKinds, type Finding } from '../../evidence/alerts/alert.ts'
import type { Delivery, WebhookStore } from '../../evidence/webhooks/webhook.ts'
import { listTestDatabases, type OpenTestDatabase } from '../testing/test-databases.ts'
import { createSqlAlertStore } from './sql-alert-store.ts'
import { createSqlWebhookStore } from './sql-webhook-store.ts'

const start = Date.UTC(2026, 5, 1, 12)
const hourMs = 3_600_000
const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`

describe.each(await listTestDatabases())('alerts and webhooks over $name', ({ openMigrated }) => {
  let opened: OpenTestDatabase
  let alerts: AlertStore
  let webhooks: WebhookStore
  let next = 0

  beforeAll(async () => {
    opened = await openMigrated()
    alerts = createSqlAlertStore(opened.database)
    webhooks = createSqlWebhookStore(opened.database)
  })
  beforeEach(() =>
    opened.database.pool.query('TRUNCATE alerts, alert_rules, webhooks, webhook_deliveries, sent_digests'),
  )
  afterAll(() => opened?.dispose())

  const degrading = (subject: string, evidence = {}): Finding => ({
    kind: 'skill_degrading',
    subject,
    evidence,
  })
  const reconcile = (findings: readonly Finding[], at: number, workspaceId = 'w') =>
    alerts.reconcileAlerts(
      workspaceId,
      findings.map((finding) => {
        next += 1
        return { ...finding, id: id(next), severity: 'warning' }
      }),
      at,
    )
  const list = (query: object = {}, workspaceId = 'w') =>
    alerts.listAlerts(workspaceId, { state: null, kind: null, since: null, limit: 10, after: null, ...query })
  const states = async () => (await list()).map(({ subject, state }) => `${subject} ${state}`).sort()

  it('open once, stay open with fresh numbers, and resolve when nothing is found', async () => {
    expect(await reconcile([degrading('pdf', { p2: 0.5 }), degrading('xls')], start)).toHaveLength(2)
    expect(await reconcile([degrading('pdf', { p2: 0.4 })], start + 1)).toEqual([])
    expect(await states()).toEqual(['pdf open', 'xls resolved'])
    expect((await list({ state: 'open' }))[0]?.evidence).toEqual({ p2: 0.4 })
    await reconcile([], start + 2)
    expect(await states()).toEqual(['pdf resolved', 'xls resolved'])
  })

  it('are not opened again within a day, and then they are', async () => {
    await reconcile([degrading('pdf')], start)
    await reconcile([], start + hourMs)
    expect(await reconcile([degrading('pdf')], start + 23 * hourMs)).toEqual([])
    expect(await reconcile([degrading('pdf')], start + 25 * hourMs)).toHaveLength(1)
    expect(await states()).toEqual(['pdf open', 'pdf resolved'])
  })

  it('are acknowledged in their workspace alone, and stay so until they resolve', async () => {
    const [alert] = await reconcile([degrading('pdf')], start)
    expect(await alerts.acknowledgeAlert('other', alert?.id ?? '', start)).toBeNull()
    expect(await alerts.acknowledgeAlert('w', alert?.id ?? '', start)).toMatchObject({
      state: 'acknowledged',
    })
    expect(await reconcile([degrading('pdf')], start + 48 * hourMs)).toEqual([])
    expect(await states()).toEqual(['pdf acknowledged'])
    await reconcile([], start + 49 * hourMs)
    expect(await alerts.acknowledgeAlert('w', alert?.id ?? '', start)).toMatchObject({ state: 'resolved' })
    expect(await list({}, 'other')).toEqual([])
  })

  it('are listed by state, kind and time, page by page', async () => {
    for (let n = 0; n < 5; n += 1) {
      await reconcile(
        Array.from({ length: n + 1 }, (_, m) => degrading(`s${m}`)),
        start + n,
      )
    }
    const first = await list({ limit: 2 })
    const rest = await list({ after: first.at(-1)?.id })
    expect([...first, ...rest].map(({ subject }) => subject)).toEqual(['s4', 's3', 's2', 's1', 's0'])
    expect(await list({ kind: 'router_degraded' })).toEqual([])
    expect(await list({ since: start + 3 })).toHaveLength(2)
  })

  it('follow rules, which are on until somebody changes them', async () => {
    expect(await alerts.listAlertRules('w')).toHaveLength(alertKinds.length)
    await alerts.saveAlertRule('w', { kind: 'router_degraded', enabled: false, severity: 'critical' }, start)
    await alerts.saveAlertRule('w', { kind: 'router_degraded', enabled: true, severity: 'critical' }, start)
    const rules = await alerts.listAlertRules('w')
    expect(rules.filter(({ severity }) => severity === 'critical')).toEqual([
      { kind: 'router_degraded', enabled: true, severity: 'critical' },
    ])
    expect((await alerts.listAlertRules('v')).every(({ severity }) => severity === 'warning')).toBe(true)
  })

  const delivery = (n: number, members: Partial<Delivery> = {}): Delivery => ({
    id: `msg_${n}`,
    workspaceId: 'w',
    webhookId: id(1),
    payload: '{}',
    attempts: 0,
    state: 'waiting',
    lastError: null,
    nextAt: start,
    createdAt: start + n,
    ...members,
  })
  const hook = {
    id: id(1),
    url: 'https://example.org/',
    kinds: [],
    secret: 's',
    enabled: true,
    createdAt: start,
  }

  it('give each message that is due to one taker at a time', async () => {
    await webhooks.saveWebhook('w', hook)
    await webhooks.queueDeliveries([delivery(1), delivery(2), delivery(3, { nextAt: start + 10 })])
    const [left, right] = await Promise.all([
      webhooks.takeDueDeliveries(start, start + 60, 10),
      webhooks.takeDueDeliveries(start, start + 60, 10),
    ])
    expect([...left, ...right].map(({ id: message }) => message).sort()).toEqual(['msg_1', 'msg_2'])
    expect([...left, ...right][0]).toMatchObject({ url: hook.url, secret: 's' })
    expect(await webhooks.takeDueDeliveries(start + 60, start + 120, 10)).toHaveLength(3)
  })

  it('keep what became of a message, and forget it later', async () => {
    await webhooks.saveWebhook('w', hook)
    await webhooks.queueDeliveries([delivery(1), delivery(2)])
    const update = { id: 'msg_1', attempts: 1, state: 'delivered', lastError: null, nextAt: start } as const
    await webhooks.updateDelivery(update)
    const listed = await webhooks.listDeliveries('w', hook.id, 10)
    expect(listed.map(({ id: message, state }) => [message, state])).toEqual([
      ['msg_2', 'waiting'],
      ['msg_1', 'delivered'],
    ])
    await webhooks.purgeDeliveries(start + 1)
    expect(await webhooks.listDeliveries('w', hook.id, 10)).toHaveLength(1)
    expect(await webhooks.listDeliveries('v', hook.id, 10)).toEqual([])
  })

  it('are deleted with what waits for them, in their workspace alone', async () => {
    await webhooks.saveWebhook('w', hook)
    await webhooks.queueDeliveries([delivery(1)])
    expect(await webhooks.deleteWebhook('v', hook.id)).toBe(false)
    expect(await webhooks.deleteWebhook('w', hook.id)).toBe(true)
    expect(await webhooks.takeDueDeliveries(start, start + 60, 10)).toEqual([])
    expect(await webhooks.listWebhooks('w')).toEqual([])
  })

  it('ask for the digest of a week once, for whoever wants it', async () => {
    const webhook = (n: number, kinds: string[], enabled = true) => ({
      ...{ id: id(100 + n), url: 'https://example.org/', kinds, secret: 's', enabled, createdAt: start },
    })
    await webhooks.saveWebhook('all', webhook(1, []))
    await webhooks.saveWebhook('some', webhook(2, ['weekly_digest']))
    await webhooks.saveWebhook('none', webhook(3, ['quota_near']))
    await webhooks.saveWebhook('off', webhook(4, [], false))
    const wanting = async (week: string) =>
      [...(await alerts.listDigestedWorkspaces(week, 'weekly_digest'))].sort()
    expect(await wanting('2026-05-25')).toEqual(['all', 'some'])
    const claims = await Promise.all([1, 2].map(() => alerts.claimDigest('all', '2026-05-25', start)))
    expect(claims.sort()).toEqual([false, true])
    expect(await wanting('2026-05-25')).toEqual(['some'])
    expect(await wanting('2026-06-01')).toEqual(['all', 'some'])
  })

  it('watch workspaces in which nothing happens but something is wrong', async () => {
    const { pool } = opened.database
    await pool.query('TRUNCATE quotas, quota_usage')
    await pool.query(
      `INSERT INTO quotas VALUES ('near', '', 'core', '{"traces_month": 10, "publish": false}', now()),
        ('near', 'abc', 'guest', '{"traces_month": 10, "skills": 0}', now()), ('far', '', 'core', '{"traces_month": 10}', now())`,
    )
    await pool.query(
      `INSERT INTO quota_usage VALUES ('near', '', 'traces_month', '2026-06', 8), ('near', 'abc', 'traces_month', '2026-06', 10),
        ('near', '', 'traces_month', '2026-05', 10), ('far', '', 'traces_month', '2026-06', 7)`,
    )
    expect(await alerts.listActiveWorkspaces(start, start)).toEqual(['near'])
    const near = { dimension: 'traces_month', limit: 10 }
    const { quotas } = await alerts.readConditions('near', start)
    expect([...quotas].sort((a, b) => a.used - b.used)).toEqual([
      { ...near, keyHash: null, plan: 'core', used: 8 },
      { ...near, keyHash: 'abc', plan: 'guest', used: 10 },
    ])
    expect(await alerts.readConditions('far', start)).toEqual({ unsafe: [], upstream: [], quotas: [] })
  })
})
