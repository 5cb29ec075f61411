import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { listDatabases } from './harness/databases.ts'
import { runProduct } from './harness/run-product.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

interface Event {
  readonly request_id: string
  readonly action: string
  readonly actor_type: string
  readonly actor_id: string | null
  readonly resource_id: string | null
  readonly outcome: string
  readonly outcome_reason: string | null
  readonly metadata: Readonly<Record<string, unknown>>
}

const salt = { LITELLM_SALT_KEY: 'salt-of-the-audit-tests' }
const log = '/api/v1/routeiq/audit'
const model = {
  model_name: 'added',
  litellm_params: { model: 'openai/gpt-4o', api_key: 'sk-canary-of-a-provider-123' },
}

async function verify(gateway: Gateway, env: Readonly<Record<string, string>>, ...flags: string[]) {
  const argv = ['audit', 'verify', '--config', gateway.configFile, '--data-dir', gateway.dataDir, ...flags]
  const product = runProduct(argv, { LITELLM_MASTER_KEY: masterKey, ...env }, gateway.dataDir)
  const { code } = await product.exited
  return { code, stdout: product.stdout(), stderr: product.stderr() }
}

describe('the audit log', () => {
  let gateway: Gateway
  const ask = (path: string, body?: object, { key = masterKey, id = 'none', method = '' } = {}) =>
    call(gateway.url, path, {
      ...{ key, headers: { 'x-request-id': id } },
      ...(body && { body }),
      ...(method !== '' && { method }),
    })
  const events = async (query = ''): Promise<Event[]> => (await ask(`${log}?${query}`)).json().events

  beforeAll(async () => {
    gateway = await startGateway({
      config: { model_list: [] },
      env: {
        ...salt,
        ROUTEIQ_MANAGEMENT_RBAC_ENABLED: 'true',
        A2A_GATEWAY_ENABLED: 'true',
        MCP_GATEWAY_ENABLED: 'true',
      },
    })
  })
  afterAll(() => gateway?.stop())

  it('has exactly one row for everything that changes something', async () => {
    const done: [action: string, resourceId: string | null][] = []
    const act = async (
      action: string,
      resourceId: string | null,
      path: string,
      body?: object,
      method = '',
    ) => {
      const answer = await ask(path, body, { id: `catalogue-${done.length}`, method })
      expect(answer.status, `${path}: ${answer.text}`).toBeLessThan(300)
      done.push([action, resourceId])
      return answer.json()
    }
    const governance = '/api/v1/routeiq/governance'
    const policy = { name: 'p', limit_type: 'requests', limit_value: 5, limit_period: 'day', action: 'deny' }
    await act('management.user.create', 'ada', '/user/new', { user_id: 'ada', auto_create_key: false })
    await act('management.team.create', 'red', '/team/new', { team_id: 'red' })
    await act('management.team.member_add', 'red', '/team/member_add', {
      ...{ team_id: 'red', member: { role: 'user', user_id: 'ada' } },
    })
    const { key, token } = await gateway.createKey({ key_alias: 'first' })
    await act('management.key.update', token, '/key/update', { key, tags: ['x'] })
    await act('management.key.block', token, '/key/block', { key })
    await act('management.key.delete', token, '/key/delete', { keys: [key] })
    await act('management.budget.create', 'b', '/budget/new', { budget_id: 'b', max_budget: 1 })
    await act('management.organization.create', null, '/organization/new', { organization_alias: 'o' })
    await act('management.customer.create', 'eve', '/customer/new', { user_id: 'eve' })
    await act('management.tag.create', 't', '/tag/new', { name: 't' })
    const { model_id: id } = await act('management.model.add', null, '/model/new', model)
    await act('management.model.delete', id, '/model/delete', { id })
    await act('management.credential.create', 'c', '/credentials', {
      ...{ credential_name: 'c', credential_values: { api_key: 'sk-canary-of-a-credential-456' } },
    })
    await act('management.credential.delete', 'c', '/credentials/c', undefined, 'DELETE')
    await act('governance.workspace.create', 'w', `${governance}/workspaces`, {
      workspace_id: 'w',
      name: 'W',
    })
    await act('governance.workspace.update', 'w', `${governance}/workspaces`, {
      workspace_id: 'w',
      name: 'V',
    })
    await act('governance.policy.create', 'pol', `${governance}/policies`, { policy_id: 'pol', ...policy })
    await act('governance.policy.delete', 'pol', `${governance}/policies/pol`, undefined, 'DELETE')
    await act('routing.kill_switch', null, '/router/kill-switch', { enabled: true, reason: 'drill' })
    await act('system.config.reload', null, '/config/reload', {})
    await act('a2a.agent.create', null, '/a2a/agents', {
      agent_name: 'scout',
      url: 'https://agents.example/a',
    })
    await act('mcp.server.create', 'files', '/llmrouter/mcp/servers', {
      ...{ server_id: 'files', name: 'files', url: 'https://tools.example/mcp' },
    })
    await act('management.team.delete', 'red', '/team/delete', { team_ids: ['red'] })

    const rows = await events('limit=500')
    for (const [index, [action, resourceId]] of done.entries()) {
      const own = rows.filter(({ request_id }) => request_id === `catalogue-${index}`)
      expect(own, action).toMatchObject([
        {
          ...{ action, outcome: 'success', outcome_reason: null, actor_type: 'admin_key' },
          ...(resourceId !== null && { resource_id: resourceId }),
        },
      ])
    }
    expect(rows.find(({ action }) => action === 'routing.kill_switch')?.metadata).toEqual({
      enabled: true,
      reason: 'drill',
    })
    const text = JSON.stringify(rows)
    for (const secret of [key, masterKey, 'sk-canary']) expect(text).not.toContain(secret)
  })

  it('has what was refused and what went wrong, and who guessed at keys', async () => {
    const { key, token } = await gateway.createKey({ user_id: 'bob' })
    const refused = await ask('/team/new', { team_id: 'blue' }, { key, id: 'refused' })
    expect(refused.status).toBe(403)
    expect((await ask('/model/delete', { id: 'none' }, { id: 'wrong' })).status).toBe(404)
    expect((await ask('/team/new', {}, { key: 'sk-guessed-0123456789', id: 'guess' })).status).toBe(401)
    expect((await ask('/spend/keys', undefined, { key: 'sk-guessed-9876543210', id: 'login' })).status).toBe(
      401,
    )
    expect(
      (await call(gateway.url, '/team/new', { body: {}, headers: { 'x-request-id': 'nobody' } })).status,
    ).toBe(401)
    expect((await ask('/router/kill-switch', { enabled: true }, { key, id: 'no-admin' })).status).toBe(403)
    expect(await events('request_id=nobody')).toEqual([])
    const rows = await events('outcome=denied&limit=4')
    expect(rows).toMatchObject([
      { request_id: 'no-admin', action: 'routing.kill_switch', actor_id: token.slice(0, 16) },
      { request_id: 'login', action: 'admin.login', resource_id: 'GET /spend/keys', actor_type: 'unknown' },
      { request_id: 'guess', action: 'management.team.create', actor_id: null },
      {
        ...{ request_id: 'refused', action: 'management.team.create', outcome_reason: 'permission_denied' },
        ...{ actor_type: 'api_key', actor_id: token.slice(0, 16), metadata: { user_id: 'bob' } },
      },
    ])
    expect(await events('outcome=error&limit=1')).toMatchObject([
      { request_id: 'wrong', action: 'management.model.delete', outcome_reason: 'not_found' },
    ])
    expect(await events(`actor=${token}&limit=1`)).toMatchObject([{ request_id: 'no-admin' }])
    expect(await events('actor=bob&limit=2')).toMatchObject([
      { request_id: 'no-admin' },
      { request_id: 'refused' },
    ])
  })

  it('is read by filter and page, by those who may, and that is recorded too', async () => {
    const seen: string[] = []
    let cursor = ''
    for (let page = 0; page < 50 && (page === 0 || cursor !== ''); page++) {
      const answer = await ask(
        `${log}?action=management.*&limit=7&cursor=${cursor}`
          .replace('&cursor=&', '&')
          .replace(/&cursor=$/, ''),
      )
      const { events: rows, next_cursor } = answer.json()
      seen.push(...rows.map(({ id }: { id: string }) => id))
      cursor = next_cursor ?? ''
    }
    expect(new Set(seen).size).toBe(seen.length)
    expect(await events('action=management.*&limit=500')).toHaveLength(seen.length)
    expect(await events('resource_type=team&action=management.team.create&outcome=success')).toMatchObject([
      { resource_id: 'red' },
    ])
    expect(await events(`until=${new Date(0).toISOString()}`)).toEqual([])
    for (const query of ['limit=501', 'outcome=maybe', 'since=yesterday'])
      expect((await ask(`${log}?${query}`)).status, query).toBe(422)
    expect((await ask(`${log}?cursor=made-up`)).status).toBe(400)

    const { key: reader } = await gateway.createKey({ permissions: { 'audit.read': true } })
    const { key: other } = await gateway.createKey()
    expect((await ask(log, undefined, { key: reader, id: 'reader' })).status).toBe(200)
    expect((await ask(log, undefined, { key: other })).status).toBe(403)
    expect((await ask(`${log}/erase`, { person: 'x' }, { key: reader })).status).toBe(403)
    expect(await events('action=audit.read&request_id=reader')).toMatchObject([{ outcome: 'success' }])
  })

  it('forgets a person and still is what was written', async () => {
    expect(await events('resource_id=ada')).not.toEqual([])
    expect((await ask(`${log}/erase`, { person: 'ada' })).json().erased).toBeGreaterThan(0)
    expect(await events('resource_id=ada')).toEqual([])
    expect((await ask(`${log}/verify`)).json()).toMatchObject({ intact: true, chains: 1, findings: [] })
  })

  it('outlives the process, and the command line reads it from the database', async () => {
    const before = (await events('action=management.*&limit=500')).length
    await gateway.restart()
    expect(await events('action=management.*&limit=500')).toHaveLength(before)
    const busy = await verify(gateway, salt, '--json')
    expect(busy.code).toBe(1)
    expect(JSON.parse(busy.stdout)).toMatchObject({ error: { exit_code: 1, message: expect.any(String) } })
    gateway.kill('SIGTERM')
    await gateway.exited()
    const report = await verify(gateway, salt, '--json')
    expect(report.code, report.stdout + report.stderr).toBe(0)
    expect(JSON.parse(report.stdout)).toMatchObject({ intact: true, unverified_checkpoints: 0, findings: [] })
    const [usage, wrong] = await Promise.all([
      verify(gateway, salt, '--help'),
      verify(gateway, salt, '--frobnicate'),
    ])
    expect([usage.code, usage.stdout]).toEqual([0, expect.stringContaining('routeiq audit verify')])
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('--frobnicate')])
  })
})

const [, postgresql] = await listDatabases()

describe.skipIf(postgresql === undefined)(
  'the audit log of several processes that must record everything',
  () => {
    let gateway: Gateway
    let database: Client
    let databaseUrl = ''
    let remove = async (): Promise<void> => {}
    const ask = (path: string, body?: object) =>
      call(gateway.url, path, { key: masterKey, ...(body && { body }) })

    beforeAll(async () => {
      const created = await postgresql?.create()
      if (created === undefined) throw new Error('no PostgreSQL')
      remove = created.remove
      gateway = await startGateway({
        config: { model_list: [] },
        env: { ...created.env, AUDIT_LOG_FAIL_MODE: 'closed', POD_NAME: 'node-of-the-test' },
        workers: 2,
      })
      databaseUrl = created.env['DATABASE_URL'] ?? ''
      database = new Client(databaseUrl)
      await database.connect()
    })
    afterAll(async () => {
      await gateway?.stop()
      await database?.end()
      await remove()
    })

    it('is one chain of the node, written before the answer', async () => {
      const made = await Promise.all(
        Array.from({ length: 24 }, (_, index) => ask('/team/new', { team_id: `team-${index}` })),
      )
      expect(made.map(({ status }) => status)).toEqual(Array(24).fill(200))
      const { rows } = await database.query(
        "SELECT count(*)::int AS count, max(chain) AS chain FROM audit_logs WHERE action = 'management.team.create'",
      )
      expect(rows).toEqual([{ count: 24, chain: 'node-of-the-test' }])
      expect((await ask(`${log}/verify`)).json()).toMatchObject({ intact: true, chains: 1 })
    })

    it('does nothing it cannot record, and goes on when it can again', async () => {
      await database.query(
        'ALTER TABLE audit_logs RENAME TO audit_logs_away; ALTER TABLE audit_chains RENAME TO away',
      )
      const refused = await ask('/team/new', { team_id: 'unrecorded' })
      expect(refused.status).toBe(503)
      expect(refused.json().error.code).toBe('audit_log_unavailable')
      expect((await ask('/team/info?team_id=unrecorded')).status).toBe(404)
      expect((await call(gateway.url, '/v1/models', { key: masterKey })).status).toBe(200)
      await database.query(
        'ALTER TABLE audit_logs_away RENAME TO audit_logs; ALTER TABLE away RENAME TO audit_chains',
      )
      await waitUntil(
        'changes are made again',
        async () => (await ask('/team/new', { team_id: 'later' })).status === 200,
      )
    })

    it('tells when a row was changed, to who asks and on the command line', async () => {
      await database.query("UPDATE audit_logs SET outcome = 'denied' WHERE seq = 3")
      const report = (await ask(`${log}/verify`)).json()
      expect(report).toMatchObject({ intact: false, findings: [{ kind: 'row_changed', seq: 3 }] })
      const onCommandLine = await verify(gateway, { DATABASE_URL: databaseUrl })
      expect(onCommandLine.code).toBe(1)
      expect(onCommandLine.stdout).toMatch(/node-of-the-test: row 3 is not what was written[\s\S]*is NOT/)
    })
  },
)
