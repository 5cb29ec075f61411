import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, call } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

let upstream: ScriptedUpstream
let gateway: Gateway

/** Each call costs 0.025 USD. */
const prices = { input_cost_per_token: 0.001, output_cost_per_token: 0.002 }

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await startGateway({
    config: {
      model_list: [
        deployment('gpt', upstream.openaiBase, prices),
        deployment('mini', upstream.openaiBase, prices),
      ],
      litellm_settings: {
        upperbound_key_generate_params: { max_budget: 100, duration: '30d' },
        default_team_params: { tpm_limit: 100_000 },
      },
    },
    env: { ROUTEIQ_MANAGEMENT_RBAC_ENABLED: 'true' },
  })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

function ask(path: string, body?: object, key = masterKey, method?: string): Promise<Answer> {
  return call(gateway.url, path, {
    key,
    ...(body === undefined ? {} : { body }),
    ...(method === undefined ? {} : { method }),
  })
}

/** The body of an answer that must be 200. */
async function get(path: string, body?: object, key = masterKey) {
  const answer = await ask(path, body, key)
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.text}`)
  return answer.json()
}

const chat = (key: string, extra: object = {}): Promise<Answer> =>
  ask('/v1/chat/completions', { model: 'gpt', messages, max_tokens: 7, ...extra }, key)

async function spent(read: () => Promise<number>, expected: number): Promise<void> {
  await waitUntil('the ledger has it', async () => Math.abs((await read()) - expected) < 1e-9, 5_000)
}

describe('keys', () => {
  it('are changed at once, limits included', async () => {
    const { key, token } = await gateway.createKey({ models: ['gpt'], metadata: { a: 1 } })
    expect((await chat(key)).status).toBe(200)
    const updated = await get('/key/update', { key, models: ['mini'], rpm_limit: 5, key_alias: 'renamed' })
    expect(updated).toMatchObject({ key, token, models: ['mini'], rpm_limit: 5, key_alias: 'renamed' })
    expect(updated.metadata).toEqual({ a: 1 })
    const refused = await chat(key)
    expect(refused.status).toBe(403)
    expect(refused.json().error).toMatchObject({ code: 'key_model_access_denied' })
    expect((await chat(key, { model: 'mini' })).headers['x-ratelimit-limit']).toBe('5')
    expect((await get(`/key/info?key=${key}`)).info).toMatchObject({ expires: null })
    await get('/key/update', { key, duration: '0s' })
    expect((await chat(key, { model: 'mini' })).status).toBe(401)
    await get('/key/update', { key, duration: null })
    expect((await chat(key, { model: 'mini' })).status).toBe(200)
    expect((await ask('/key/update', { key: 'sk-unknown-0123456789' })).status).toBe(404)
    expect((await ask('/key/update', { key, max_budget: -1 })).status).toBe(422)
  })

  it('are held to the upper bounds of the operator', async () => {
    for (const body of [{ max_budget: 101 }, { duration: '31d' }]) {
      const refused = await ask('/key/generate', body)
      expect([refused.status, refused.json().error.message]).toEqual([
        400,
        expect.stringContaining('upper bound'),
      ])
    }
    expect((await ask('/key/generate', { max_budget: 100, duration: '30d' })).status).toBe(200)
  })

  it('get a new text and keep what they spent and may', async () => {
    const old = await gateway.createKey({ max_budget: 0.05, rpm_limit: 50 })
    expect((await chat(old.key)).status).toBe(200)
    await spent(async () => (await get(`/key/info?key=${old.token}`)).info.spend, 0.025)
    const renewed = await get(`/key/${old.token}/regenerate`, { grace_period: '1h' })
    expect(renewed).toMatchObject({ max_budget: 0.05, rpm_limit: 50, spend: 0.025 })
    expect(renewed.key).not.toBe(old.key)
    // Both texts are one key, with one budget.
    expect((await chat(old.key)).status).toBe(200)
    expect((await chat(renewed.key)).status).toBe(429)
    const last = await get('/key/regenerate', { key: renewed.key, new_key: 'sk-chosen-by-hand-0123' })
    expect(last.key).toBe('sk-chosen-by-hand-0123')
    expect((await chat(renewed.key)).status).toBe(401)
    expect((await chat(last.key)).status).toBe(429)
  })

  it('have spend that can be set', async () => {
    const { key, token } = await gateway.createKey({ max_budget: 0.025 })
    expect((await chat(key)).status).toBe(200)
    expect((await chat(key)).status).toBe(429)
    expect(await get(`/key/${token}/reset_spend`, {})).toMatchObject({ spend: 0 })
    expect((await chat(key)).status).toBe(200)
    await get('/key/update', { key, spend: 7 })
    const refused = await chat(key)
    expect(refused.json().error.message).toBe('Budget has been exceeded! Current cost: 7, Max budget: 0.025')
    await get('/key/update', { key, temp_budget_increase: 8, temp_budget_expiry: '2100-01-01T00:00:00Z' })
    expect((await chat(key)).status).toBe(200)
  })

  it('are listed, named and changed many at a time', async () => {
    const [one, two] = [await gateway.createKey({ key_alias: 'bulk-1' }), await gateway.createKey()]
    expect((await get('/key/aliases')).aliases).toContain('bulk-1')
    const changed = await get('/key/bulk_update', {
      keys: [{ key: one.key, tags: ['x'] }, { key: two.token, rpm_limit: -1 }, { key: 'nope' }],
    })
    expect(changed).toMatchObject({
      total_requested: 3,
      successful_updates: [{ key: one.key, key_info: { tags: ['x'] } }],
      failed_updates: [{ key: two.token }, { key: 'nope' }],
    })
    const both = await get('/v2/key/info', { keys: [one.token, two.token] })
    expect(both.info.map((info: { token: string }) => info.token)).toEqual([one.token, two.token])
    const service = await get('/key/service-account/generate', { user_id: 'somebody', team_id: 'robots' })
    expect(service).toMatchObject({ user_id: null, team_id: 'robots' })
    expect((await get('/key/health', {}, one.key)).key).toBe('healthy')
  })

  it('may demand members of every body', async () => {
    const { key } = await gateway.createKey({ enforced_params: ['user', 'metadata.job'] })
    const refused = await chat(key, { user: 'ann', metadata: {} })
    expect([refused.status, refused.json().error.message]).toEqual([
      400,
      'BadRequest please pass param=metadata.job in request body. This is a required param',
    ])
    expect((await chat(key, { user: 'ann', metadata: { job: 'x' } })).status).toBe(200)
  })

  it('may be for one kind of routes', async () => {
    const { key } = await gateway.createKey({ key_type: 'read_only' })
    expect((await chat(key)).status).toBe(403)
    expect((await ask('/v1/models', undefined, key)).status).toBe(200)
  })
})

describe('teams', () => {
  it('limit all their keys together, in money, rates and models', async () => {
    const team = await get('/team/new', {
      team_alias: 'red',
      models: ['gpt'],
      max_budget: 0.05,
      rpm_limit: 9,
    })
    expect(team).toMatchObject({
      team_alias: 'red',
      tpm_limit: 100_000,
      blocked: false,
      spend: 0,
      members: [],
    })
    const { team_id } = team
    const keys = [await gateway.createKey({ team_id }), await gateway.createKey({ team_id })]
    for (const { key } of keys) expect((await chat(key)).status).toBe(200)
    for (const { key } of keys) {
      const refused = await chat(key)
      expect(refused.json().error.message).toBe(
        'Budget has been exceeded! Current cost: 0.05, Max budget: 0.05',
      )
      expect((await chat(key, { model: 'mini' })).json().error).toMatchObject({
        code: 'team_model_access_denied',
        message:
          "team not allowed to access model. This team can only access models=['gpt']. Tried to access mini",
      })
    }
    await spent(async () => (await get(`/team/info?team_id=${team_id}`)).team_info.spend, 0.05)
    await get('/team/update', { team_id, max_budget: 1, model_aliases: { fast: 'gpt' } })
    expect((await chat(keys[0]?.key ?? '', { model: 'fast' })).status).toBe(200)
    await get('/team/model/add', { team_id, models: ['mini'] })
    expect((await chat(keys[0]?.key ?? '', { model: 'mini' })).status).toBe(200)
    await get('/team/block', { team_id })
    expect((await chat(keys[0]?.key ?? '')).status).toBe(401)
    await get('/team/unblock', { team_id })
    expect((await chat(keys[0]?.key ?? '')).status).toBe(200)
    expect(await get('/team/delete', { team_ids: [team_id] })).toMatchObject({ deleted_teams: [team_id] })
    expect((await chat(keys[0]?.key ?? '')).status).toBe(401)
    expect((await ask(`/team/info?team_id=${team_id}`)).status).toBe(404)
  })

  it('have members with limits of their own', async () => {
    const { team_id } = await get('/team/new', { team_alias: 'blue' })
    const added = await get('/team/member_add', {
      team_id,
      member: [
        { role: 'user', user_id: 'ann' },
        { role: 'admin', user_email: 'bob@example.org' },
      ],
      max_budget_in_team: 0.025,
    })
    expect(added.updated_users).toMatchObject([{ user_id: 'ann' }, { user_email: 'bob@example.org' }])
    expect(added.updated_team_memberships[0]).toMatchObject({
      ...{ team_id, user_id: 'ann', litellm_budget_table: { max_budget: 0.025 } },
    })
    const again = await ask('/team/member_add', { team_id, member: { role: 'user', user_id: 'ann' } })
    expect([again.status, again.json().error.type]).toEqual([400, 'team_member_already_in_team'])
    const { key } = await gateway.createKey({ team_id, user_id: 'ann' })
    const other = await gateway.createKey({ team_id })
    expect((await chat(key)).status).toBe(200)
    expect((await chat(key)).status).toBe(429)
    expect((await chat(other.key)).status).toBe(200)
    await get('/team/member_update', { team_id, user_id: 'ann', max_budget_in_team: 1 })
    expect((await chat(key)).status).toBe(200)
    const info = await get(`/team/info?team_id=${team_id}`)
    expect(info.team_info.members_with_roles).toMatchObject([
      { user_id: 'ann', role: 'user' },
      { role: 'admin', user_email: 'bob@example.org' },
    ])
    expect(info.keys).toHaveLength(2)
    const listed = await get('/team/list?user_id=ann')
    expect(listed.map((team: { team_id: string }) => team.team_id)).toEqual([team_id])
    expect(await get('/v2/team/list?user_id=ann')).toMatchObject({ total: 1, page: 1, total_pages: 1 })
    const left = await get('/team/member_delete', { team_id, user_id: 'ann' })
    expect(left.members).toHaveLength(1)
    expect((await ask('/team/member_delete', { team_id, user_id: 'ann' })).status).toBe(404)
  })
})

describe('users', () => {
  it('have a budget for keys outside of teams', async () => {
    const user = await get('/user/new', {
      user_id: 'cleo',
      user_email: 'cleo@example.org',
      max_budget: 0.025,
    })
    expect(user).toMatchObject({ user_id: 'cleo', key: expect.stringMatching(/^sk-/), teams: [] })
    expect((await ask('/user/new', { user_email: 'CLEO@example.org' })).status).toBe(409)
    const { team_id } = await get('/team/new', { team_alias: 'cleos' })
    const inTeam = await gateway.createKey({ team_id, user_id: 'cleo' })
    expect((await chat(user.key)).status).toBe(200)
    const refused = await chat(user.key)
    expect(refused.json().error.message).toBe(
      'ExceededBudget: User=cleo over budget. Spend=0.025, Budget=0.025',
    )
    expect((await chat(inTeam.key)).status).toBe(200)
    const info = await get('/user/info?user_id=cleo')
    expect(info).toMatchObject({
      user_id: 'cleo',
      user_info: { max_budget: 0.025, user_email: 'cleo@example.org' },
    })
    expect(info.keys).toHaveLength(2)
    expect(await get('/v2/user/info?user_id=cleo')).toEqual(info.user_info)
    await get('/user/update', { user_id: 'cleo', max_budget: 5, models: ['mini'] })
    expect((await chat(user.key)).json().error.code).toBe('user_model_access_denied')
    expect((await chat(user.key, { model: 'mini' })).status).toBe(200)
    const listed = await get('/user/list?user_email=cleo@')
    expect(listed).toMatchObject({ total: 1, users: [{ user_id: 'cleo', key_count: 2 }] })
    await get('/user/delete', { user_ids: ['cleo'] })
    expect((await chat(user.key)).status).toBe(401)
  })

  it('manage keys of their own and nothing else', async () => {
    const { key } = await get('/user/new', { user_id: 'dan', user_role: 'internal_user', max_budget: 1 })
    const stranger = await gateway.createKey({ user_id: 'eve' })
    const own = await get('/key/generate', { key_alias: 'of-dan' }, key)
    expect(own).toMatchObject({ user_id: 'dan', created_by: 'dan' })
    expect((await chat(own.key)).status).toBe(200)
    const { keys } = await get('/key/list', undefined, key)
    expect(keys).toContain(own.token)
    expect(keys).not.toContain(stranger.token)
    expect((await get('/user/info', undefined, key)).user_id).toBe('dan')
    await get('/key/update', { key: own.key, tags: ['mine'] }, key)
    await get('/key/delete', { keys: [own.key] }, key)
    const refusals: [string, object | undefined, number][] = [
      ['/key/generate', { user_id: 'eve' }, 403],
      ['/key/generate', { team_id: 'not-mine' }, 403],
      ['/key/generate', { permissions: { '*': true } }, 403],
      ['/key/generate', { metadata: { permissions: ['*'] } }, 403],
      ['/key/update', { key: stranger.key, tags: [] }, 404],
      ['/key/delete', { keys: [stranger.token] }, 404],
      [`/key/info?key=${stranger.token}`, undefined, 404],
      ['/user/info?user_id=eve', undefined, 403],
      ['/v2/user/info?user_id=eve', undefined, 403],
      ['/user/new', {}, 403],
      ['/user/update', { user_id: 'dan', user_role: 'proxy_admin' }, 403],
      ['/team/new', {}, 403],
      ['/budget/list', undefined, 403],
    ]
    for (const [path, body, status] of refusals)
      expect([path, body, (await ask(path, body, key)).status]).toEqual([path, body, status])
    const plain = await gateway.createKey()
    expect((await ask('/key/generate', {}, plain.key)).status).toBe(403)
    expect((await ask('/key/list', undefined, plain.key)).status).toBe(403)
  })

  it('are admins by role, and viewers see without changing', async () => {
    const admin = await get('/user/new', { user_role: 'proxy_admin' })
    expect((await ask('/key/generate', {}, admin.key)).status).toBe(200)
    const viewer = await get('/user/new', { user_role: 'proxy_admin_viewer' })
    expect((await ask('/user/list', undefined, viewer.key)).status).toBe(200)
    expect((await ask('/budget/list', undefined, viewer.key)).status).toBe(200)
    expect((await ask('/user/new', {}, viewer.key)).status).toBe(403)
    const holder = await gateway.createKey({ permissions: { 'key.write': true } })
    expect((await ask('/key/generate', { user_id: 'anybody' }, holder.key)).status).toBe(200)
    expect((await ask('/key/generate', { user_id: admin.user_id }, holder.key)).status).toBe(403)
    expect((await ask('/key/generate', { permissions: { '*': true } }, holder.key)).status).toBe(403)
    expect((await ask('/key/regenerate', { key: admin.token }, holder.key)).status).toBe(403)
    expect((await ask('/user/new', {}, holder.key)).status).toBe(403)
  })

  it('who administer a team manage its members and keys', async () => {
    const lead = await get('/user/new', { user_id: 'lead', user_role: 'internal_user' })
    const { team_id } = await get('/team/new', {
      team_alias: 'green',
      members_with_roles: [{ role: 'admin', user_id: 'lead' }],
    })
    expect(
      (await ask('/team/member_add', { team_id, member: { role: 'user', user_id: 'fay' } }, lead.key)).status,
    ).toBe(200)
    const forFay = await get('/key/generate', { team_id, user_id: 'fay' }, lead.key)
    expect((await ask('/key/block', { key: forFay.token }, lead.key)).status).toBe(200)
    expect((await chat(forFay.key)).status).toBe(401)
    expect((await ask('/team/update', { team_id, max_budget: 1_000 }, lead.key)).status).toBe(403)
    expect((await ask('/team/update', { team_id, team_alias: 'greener' }, lead.key)).status).toBe(200)
  })
})

describe('organizations, customers, tags and budgets', () => {
  it('an organization holds the keys of its teams', async () => {
    const organization = await get('/organization/new', {
      organization_alias: 'acme',
      max_budget: 0.025,
      models: ['gpt'],
    })
    const { organization_id } = organization
    expect(organization).toMatchObject({ organization_alias: 'acme', spend: 0, members: [], teams: [] })
    const { team_id } = await get('/team/new', { organization_id })
    const { key } = await gateway.createKey({ team_id })
    expect((await chat(key, { model: 'mini' })).json().error.code).toBe('org_model_access_denied')
    expect((await chat(key)).status).toBe(200)
    expect((await chat(key)).status).toBe(429)
    await spent(async () => (await get(`/organization/info?organization_id=${organization_id}`)).spend, 0.025)
    const changed = await ask('/organization/update', { organization_id, max_budget: 1 }, masterKey, 'PATCH')
    expect(changed.json()).toMatchObject({ max_budget: 1, teams: [{ team_id }] })
    expect((await chat(key)).status).toBe(200)
    await get('/user/new', { user_id: 'gus', auto_create_key: false })
    await get('/organization/member_add', { organization_id, member: { role: 'org_admin', user_id: 'gus' } })
    const own = await gateway.createKey({ user_id: 'gus' })
    await get('/user/update', { user_id: 'gus', user_role: 'org_admin' })
    expect((await ask('/team/new', { organization_id, team_alias: 'by gus' }, own.key)).status).toBe(200)
    expect((await ask('/team/new', { team_alias: 'elsewhere' }, own.key)).status).toBe(403)
    await ask('/organization/delete', { organization_ids: [organization_id] }, masterKey, 'DELETE')
    expect((await chat(key)).status).toBe(401)
  })

  it('a customer has a budget and may be blocked, whoever calls', async () => {
    await get('/customer/new', { user_id: 'visitor', max_budget: 0.025 })
    const { key } = await gateway.createKey()
    expect((await chat(key, { user: 'visitor' })).status).toBe(200)
    expect((await chat(key, { user: 'visitor' })).status).toBe(429)
    expect((await chat(key, { user: 'somebody' })).status).toBe(200)
    await spent(async () => (await get('/customer/info?end_user_id=visitor')).spend, 0.025)
    await get('/end_user/update', { user_id: 'visitor', max_budget: 1 })
    expect((await chat(key, { user: 'visitor' })).status).toBe(200)
    await get('/customer/block', { user_ids: ['visitor', 'unknown'] })
    expect((await chat(key, { user: 'visitor' })).status).toBe(403)
    expect((await chat(key, { user: 'unknown' })).status).toBe(403)
    await get('/customer/unblock', { user_ids: ['visitor'] })
    expect((await chat(key, { user: 'visitor' })).status).toBe(200)
    expect((await get('/customer/delete', { user_ids: ['visitor'] })).deleted_customers).toBe(1)
  })

  it('a tag of a request or a key has a budget', async () => {
    await get('/tag/new', { name: 'project-x', description: 'X', max_budget: 0.05 })
    const tagged = await gateway.createKey({ tags: ['project-x'] })
    const plain = await gateway.createKey()
    expect((await chat(plain.key, { tags: ['project-x'] })).status).toBe(200)
    expect((await chat(tagged.key)).status).toBe(200)
    expect((await chat(tagged.key)).status).toBe(429)
    expect((await chat(plain.key, { tags: ['project-x'] })).status).toBe(429)
    expect((await chat(plain.key)).status).toBe(200)
    expect((await get('/tag/info', { names: ['project-x'] }))['project-x']).toMatchObject({
      description: 'X',
    })
  })

  it('a shared budget gives each who refers to it the whole of it', async () => {
    const { budget_id } = await get('/budget/new', {
      max_budget: 0.025,
      budget_duration: '1d',
      rpm_limit: 50,
    })
    const keys = [await gateway.createKey({ budget_id }), await gateway.createKey({ budget_id })]
    for (const { key } of keys) {
      expect((await chat(key)).headers['x-ratelimit-limit']).toBe('50')
      expect((await chat(key)).status).toBe(429)
    }
    await get('/budget/update', { budget_id, max_budget: 1 })
    expect((await chat(keys[0]?.key ?? '')).status).toBe(200)
    expect((await get(`/key/info?key=${keys[0]?.token}`)).info.litellm_budget_table).toMatchObject({
      max_budget: 1,
    })
    expect(await get('/budget/info', { budgets: [budget_id] })).toMatchObject([
      { budget_id, budget_duration: '1d' },
    ])
    const settings = await get(`/budget/settings?budget_id=${budget_id}`)
    expect(settings).toContainEqual(expect.objectContaining({ field_name: 'max_budget', field_value: 1 }))
    await get('/budget/delete', { id: budget_id })
    expect((await ask(`/budget/settings?budget_id=${budget_id}`)).status).toBe(404)
  })
})
