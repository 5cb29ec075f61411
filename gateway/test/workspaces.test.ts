import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createPostgresDatabase } from '../src/storage/testing/test-databases.ts'
import { findTestServices } from '../src/storage/testing/test-services.ts'
import { type Answer, call } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { respond } from './harness/steps.ts'
import { waitUntil } from './harness/wait-until.ts'

const { databaseUrl, redisUrl } = await findTestServices()
const root = '/api/v1/routeiq/governance'
/** 11 tokens of prompt and 7 of answer cost 0.025 USD. */
const prices = { input_cost_per_token: 0.001, output_cost_per_token: 0.002 }

let upstream: ScriptedUpstream
beforeAll(async () => {
  upstream = await startScriptedUpstream()
})
beforeEach(() => upstream.reset())
afterAll(() => upstream?.close())

const configOf = () => ({
  model_list: ['gpt', 'gpt-mini', 'claude', 'banned-one'].map((name) =>
    deployment(name, upstream.openaiBase, prices),
  ),
  router_settings: { fallbacks: [{ claude: ['banned-one', 'gpt'] }] },
  routeiq: { governance: { banned_models: ['banned-*'] } },
})

interface Place {
  readonly name: string
  open(): Promise<{ env: Record<string, string>; drop(): Promise<void> }>
}

const embedded: Place = {
  name: 'the embedded database',
  open: async () => ({ env: {}, drop: async () => {} }),
}
const shared: Place = {
  name: 'PostgreSQL and Redis',
  open: async () => {
    const database = await createPostgresDatabase(databaseUrl ?? '')
    return { env: { DATABASE_URL: database.url, REDIS_URL: redisUrl ?? '' }, drop: database.drop }
  },
}
const places = databaseUrl === null || redisUrl === null ? [embedded] : [embedded, shared]

describe.each(places)('over $name', ({ open }) => {
  let gateway: Gateway
  let other: Gateway | null = null
  let drop: () => Promise<void>

  beforeAll(async () => {
    const place = await open()
    drop = place.drop
    gateway = await startGateway({ config: configOf(), env: place.env })
    if (place.env['REDIS_URL'] !== undefined)
      other = await startGateway({ config: configOf(), env: place.env })
  }, 90_000)
  afterAll(async () => {
    await gateway?.stop()
    await other?.stop()
    await drop?.()
  })

  const admin = (method: string, path: string, body?: object, key = masterKey): Promise<Answer> =>
    call(gateway.url, root + path, { method, key, ...(body === undefined ? {} : { body }) })

  function chat(
    key: string,
    extra: object = {},
    path = '/v1/chat/completions',
    at = gateway,
  ): Promise<Answer> {
    const body = { model: 'gpt', messages, max_tokens: 7, num_retries: 0, ...extra }
    return call(at.url, path, { key, body })
  }

  const errorOf = (answer: Answer) => answer.json().error

  /** A key of a new workspace. */
  async function keyIn(workspace: object, governance: object = {}) {
    const id = `ws-${Math.random().toString(36).slice(2)}`
    const made = await admin('POST', '/workspaces', { workspace_id: id, name: id, ...workspace })
    expect(made.status).toBe(201)
    const issued = await gateway.createKey()
    const put = await admin('PUT', `/keys/${issued.token}`, { workspace_id: id, ...governance })
    expect(put.status).toBe(200)
    return { ...issued, workspace: id }
  }

  it('workspaces are made, read, changed and deleted', async () => {
    const body = { workspace_id: 'research', name: 'Research', org_id: 'acme', max_rpm: 5 }
    const made = await admin('POST', '/workspaces', body)
    expect(made.status).toBe(201)
    expect(made.json()).toMatchObject({
      workspace_id: 'research',
      created: true,
      workspace: {
        ...{ ...body, allowed_models: [], blocked_models: [], max_budget_usd: null, max_tpm: null },
        ...{ budget_alert_threshold: 0.8, default_routing_profile: null, metadata: {} },
        created_at: expect.any(String),
      },
    })
    expect((await admin('POST', '/workspaces', body)).json()).toMatchObject({ created: false })
    await admin('POST', '/workspaces', { workspace_id: 'sales', name: 'Sales' })
    expect((await admin('GET', '/workspaces')).json().count).toBeGreaterThanOrEqual(2)
    expect((await admin('GET', '/workspaces?org_id=acme')).json()).toMatchObject({
      count: 1,
      workspaces: [{ workspace_id: 'research' }],
    })
    const changed = await admin('PUT', '/workspaces/research', { max_tpm: 1000 })
    expect(changed.json().workspace).toMatchObject({ name: 'Research', max_rpm: 5, max_tpm: 1000 })
    expect((await admin('DELETE', '/workspaces/research')).json()).toEqual({
      deleted: true,
      workspace_id: 'research',
    })
    const gone = await admin('GET', '/workspaces/research')
    expect(gone.status).toBe(404)
    expect(gone.json().detail.error).toBe('workspace_not_found')
  })

  it.each([
    [{ workspace_id: 'a', name: 'A', max_rpm: -1 }, 'max_rpm'],
    [{ workspace_id: 'a', name: 'A', allowed_modles: [] }, 'allowed_modles'],
    [{ workspace_id: 'a', name: 'A', enforced_guardrails: ['pii'] }, 'enforced_guardrails'],
    [{ workspace_id: 'a/b', name: 'A' }, 'workspace_id'],
    [{ name: 'A' }, 'workspace_id'],
  ])('what would not be done is refused: %j', async (body, place) => {
    const answer = await admin('POST', '/workspaces', body)
    expect(answer.status).toBe(422)
    expect(answer.text).toContain(place)
  })

  it('only admins and holders of the permission may', async () => {
    const { key } = await gateway.createKey()
    expect((await admin('GET', '/workspaces', undefined, key)).status).toBe(403)
    const reader = await gateway.createKey({ permissions: { 'workspace.read': true } })
    expect((await admin('GET', '/workspaces', undefined, reader.key)).status).toBe(200)
    expect((await admin('POST', '/workspaces', { workspace_id: 'x', name: 'X' }, reader.key)).status).toBe(
      403,
    )
    const own = await gateway.createKey({ user_id: 'ann', permissions: { 'key.write': true } })
    const body = { key: own.key, key_governance: { max_rpm: 9 } }
    expect((await call(gateway.url, '/key/update', { key: own.key, body })).status).toBe(200)
    const { key_governance } = (await admin('GET', `/keys/${own.token}`)).json()
    expect(key_governance.max_rpm).toBeNull()
  })

  it('a key is named by its digest, its alias or itself', async () => {
    const { key, token } = await gateway.createKey({ key_alias: 'named' })
    for (const id of [token, 'named', key]) {
      const { key_governance } = (await admin('PUT', `/keys/${id}`, { max_rpm: 7 })).json()
      expect(key_governance).toMatchObject({
        ...{ key_id: token, max_rpm: 7, scopes: ['completions.write'], budget_period: 'monthly' },
        ...{ workspace_id: null, allowed_models: [], enforced_config: {}, config_override_allowed: true },
      })
    }
    expect((await call(gateway.url, `/key/info?key=${token}`, { key: masterKey })).text).not.toContain(
      'governance',
    )
    const renewed = await call(gateway.url, '/key/regenerate', { key: masterKey, body: { key } })
    const { key_governance } = (await admin('GET', `/keys/${renewed.json().token}`)).json()
    expect(key_governance.max_rpm).toBe(7)
    const unknown = await admin('GET', '/keys/nobody')
    expect([unknown.status, unknown.json().detail.error]).toEqual([404, 'key_not_found'])
    expect((await admin('PUT', '/keys/named', { workspace_id: 'nowhere' })).status).toBe(404)
    const status = (await admin('GET', '/status')).json()
    expect(status).toMatchObject({ workspace_count: expect.any(Number), cache_ttl_seconds: 60 })
    expect(status.governed_key_count).toBeGreaterThanOrEqual(1)
    expect(status.cache_entries).toBeGreaterThanOrEqual(1)
    await admin('DELETE', '/keys/named')
    expect((await admin('GET', '/status')).json().governed_key_count).toBe(status.governed_key_count - 1)
  })

  describe('models', () => {
    it('are those of the workspace and of the key, without those blocked', async () => {
      const { key, token } = await keyIn(
        { allowed_models: ['gpt*', 'claude'], blocked_models: ['*-mini'] },
        { allowed_models: ['gpt*'] },
      )
      expect((await chat(key)).status).toBe(200)
      for (const [model, text] of [
        ['claude', 'The governance of this key only allows'],
        ['gpt-mini', 'The workspace of this key blocks'],
      ] as const) {
        const denied = await chat(key, { model })
        expect(denied.status).toBe(403)
        expect(errorOf(denied)).toMatchObject({ code: 'model_access_denied', param: 'model' })
        expect(errorOf(denied).message).toContain(text)
      }
      await admin('PUT', `/keys/${token}`, { allowed_models: [] })
      expect((await chat(key, { model: 'claude' })).status).toBe(200)
      const list = await call(gateway.url, '/v1/models', { key })
      expect(list.json().data.map(({ id }: { id: string }) => id)).not.toContain('gpt-mini')
    })

    it('may be named by who serves them', async () => {
      const { key } = await keyIn({ allowed_models: ['@openai/*'] })
      expect((await chat(key)).status).toBe(200)
      const { key: blocked } = await keyIn({ blocked_models: ['@openai/*'] })
      expect((await chat(blocked)).status).toBe(403)
    })

    it('of fallbacks are held to the same', async () => {
      const { key } = await keyIn({ blocked_models: ['gpt'] })
      upstream.script('claude', respond(500, '{}'))
      const answer = await chat(key, { model: 'claude', fallbacks: ['gpt'] })
      expect(answer.status).toBeGreaterThanOrEqual(500)
      expect(upstream.requestsFor('gpt')).toEqual([])
    })

    it('that are banned nobody may use, also as a fallback', async () => {
      const denied = await chat(masterKey, { model: 'banned-one' })
      expect([denied.status, errorOf(denied).code]).toEqual([403, 'model_access_denied'])
      upstream.script('claude', respond(500, '{}'))
      expect((await chat(masterKey, { model: 'claude' })).status).toBe(200)
      expect(upstream.requestsFor('banned-one')).toEqual([])
      expect(upstream.requestsFor('gpt')).toHaveLength(1)
    })
  })

  it('a workspace that bears the name of a team holds the keys of the team', async () => {
    await call(gateway.url, '/team/new', { key: masterKey, body: { team_id: 'crew' } })
    const { key } = await gateway.createKey({ team_id: 'crew' })
    expect((await chat(key)).status).toBe(200)
    await admin('POST', '/workspaces', { workspace_id: 'crew', name: 'Crew', allowed_models: ['claude'] })
    expect((await chat(key)).status).toBe(403)
    await admin('DELETE', '/workspaces/crew')
    expect((await chat(key)).status).toBe(200)
  })

  it('the organization of a workspace holds its keys, too', async () => {
    const body = { organization_id: 'strict', organization_alias: 'Strict', models: ['claude'] }
    await call(gateway.url, '/organization/new', { key: masterKey, body })
    const { key } = await keyIn({ org_id: 'strict' })
    const denied = await chat(key)
    expect([denied.status, errorOf(denied).code]).toEqual([403, 'org_model_access_denied'])
    expect((await chat(key, { model: 'claude' })).status).toBe(200)
  })

  it('requests and tokens a minute are those of all keys together, and of the key', async () => {
    const { key, workspace } = await keyIn({ max_rpm: 3 }, { max_rpm: 2 })
    const second = await gateway.createKey()
    await admin('PUT', `/keys/${second.token}`, { workspace_id: workspace })
    expect([(await chat(key)).status, (await chat(key)).status]).toEqual([200, 200])
    const refused = await chat(key, { stream: true })
    expect(refused.status).toBe(429)
    expect(errorOf(refused)).toMatchObject({ code: 'rate_limit_exceeded' })
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect([(await chat(second.key)).status, (await chat(second.key)).status]).toEqual([200, 429])
    const tokens = await keyIn({ max_tpm: 60 })
    expect([(await chat(tokens.key)).status, (await chat(tokens.key, { max_tokens: 50 })).status]).toEqual([
      200, 429,
    ])
  })

  it('a budget of a workspace is held, warned of, and known by the ledger', async () => {
    const { key, workspace } = await keyIn({ max_budget_usd: 0.06, budget_alert_threshold: 0.5 })
    const statuses: number[] = []
    for (const _ of [1, 2, 3, 4, 5]) statuses.push((await chat(key)).status)
    const spent = statuses.filter((status) => status === 200).length * 0.025
    expect(spent).toBeGreaterThanOrEqual(0.05)
    expect(spent).toBeLessThanOrEqual(0.085)
    const refused = await chat(key)
    expect([refused.status, errorOf(refused).code]).toEqual([429, 'budget_exceeded'])
    await waitUntil('the log warns', () => {
      const lines = gateway
        .stdout()
        .split('\n')
        .filter((line) => line.includes('soft_budget_exceeded'))
      return lines.some((line) => JSON.parse(line).id === workspace)
    })
    if (other !== null) {
      expect((await chat(key, {}, '/v1/chat/completions', other)).status).toBe(429)
      return
    }
    await gateway.restart()
    expect((await chat(key)).status).toBe(429)
  })

  it('a budget of a key counts by its period', async () => {
    const { key } = await keyIn({}, { max_budget_usd: 0.02, budget_period: 'daily' })
    expect((await chat(key)).status).toBe(200)
    const refused = await chat(key)
    expect([refused.status, errorOf(refused).code]).toEqual([429, 'budget_exceeded'])
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(3_600)
  })

  it('scopes open families of endpoints, once somebody has given any', async () => {
    const { key, token } = await keyIn({})
    expect((await chat(key)).status).toBe(200)
    await admin('PUT', `/keys/${token}`, { scopes: ['embeddings.write'] })
    for (const path of ['/v1/chat/completions', '/v1/messages', '/v1/responses', '/anthropic/v1/messages']) {
      const denied = await chat(key, { input: 'hi' }, path)
      expect([path, denied.status]).toEqual([path, 403])
      expect(denied.text).toContain('scope')
    }
    const embedded = await call(gateway.url, '/v1/embeddings', { key, body: { model: 'gpt', input: 'hi' } })
    expect(embedded.status).toBe(200)
    expect((await call(gateway.url, '/v1/models', { key })).status).toBe(200)
    await admin('PUT', `/keys/${token}`, { scopes: ['*'] })
    expect((await chat(key)).status).toBe(200)
    expect((await admin('PUT', `/keys/${token}`, { scopes: [] })).status).toBe(422)
    const rerouting = await admin('PUT', `/keys/${token}`, { enforced_config: { model: 'claude' } })
    expect(rerouting.status).toBe(422)
  })

  it('enforced members join every request of the key, as far as it may not say otherwise', async () => {
    const { key, token } = await keyIn({}, { enforced_config: { temperature: 0, seed: 7 } })
    await chat(key, { temperature: 1 })
    const sent = () => JSON.parse(upstream.requests.at(-1)?.body.toString() ?? '{}')
    expect(sent()).toMatchObject({ temperature: 1, seed: 7 })
    await admin('PUT', `/keys/${token}`, { config_override_allowed: false })
    await chat(key, { temperature: 1 })
    expect(sent()).toMatchObject({ temperature: 0, seed: 7 })
  })

  it('keys that somebody makes with a governed key are governed like it', async () => {
    const { key, workspace } = await keyIn({ allowed_models: ['claude'] })
    const minted = await call(gateway.url, '/me/keys', { key, body: {} })
    expect(minted.status).toBe(201)
    expect((await chat(minted.json().key)).status).toBe(403)
    expect((await chat(minted.json().key, { model: 'claude' })).status).toBe(200)
    const maker = await gateway.createKey({ permissions: { 'key.write': true } })
    await admin('PUT', `/keys/${maker.token}`, { workspace_id: workspace })
    const made = await call(gateway.url, '/key/generate', { key: maker.key, body: {} })
    expect((await chat(made.json().key)).status).toBe(403)
  })

  it('a change counts on every replica', async () => {
    const { key, token } = await keyIn({})
    const at = other ?? gateway
    expect((await chat(key, {}, '/v1/chat/completions', at)).status).toBe(200)
    await admin('PUT', `/keys/${token}`, { allowed_models: ['claude'] })
    await waitUntil(
      'the other replica knows',
      async () => (await chat(key, {}, '/v1/chat/completions', at)).status === 403,
    )
  })

  it('raw access to a provider is closed to keys that may not use all of its models', async () => {
    const { key } = await keyIn({ allowed_models: ['gpt'] })
    expect((await chat(key, {}, '/anthropic/v1/models')).status).toBe(403)
  })
})
