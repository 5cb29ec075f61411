import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, call } from './harness/call-gateway.ts'
import { listDatabases } from './harness/databases.ts'
import { deployment, messages } from './harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

let upstream: ScriptedUpstream
beforeAll(async () => {
  upstream = await startScriptedUpstream()
})
afterAll(() => upstream?.close())

/** Each call costs 0.025 USD. */
const prices = { input_cost_per_token: 0.001, output_cost_per_token: 0.002 }
const asks =
  (gateway: () => Gateway) =>
  (path: string, key: string, body?: object, method?: string): Promise<Answer> =>
    call(gateway().url, path, { key, ...(body && { body }), ...(method && { method }) })

describe.each(await listDatabases())('self-service on $name', ({ create }) => {
  let gateway: Gateway
  let removeDatabase: () => Promise<void> = async () => {}
  const ask = asks(() => gateway)
  const chat = (model: string, key: string) =>
    ask('/v1/chat/completions', key, { model, messages, max_tokens: 7 })

  beforeAll(async () => {
    const { env, remove } = await create()
    removeDatabase = remove
    const models = ['gpt', 'mini'].map((name) => deployment(name, upstream.openaiBase, prices))
    gateway = await startGateway({ config: { model_list: models }, env })
  })
  afterAll(async () => {
    await gateway?.stop()
    await removeDatabase()
  })

  it('tells what a key used, and never the key', async () => {
    const { key, token } = await gateway.createKey({ user_id: 'ada', max_budget: 1 })
    expect((await ask('/me/stats', key)).json()).toEqual({
      key_id: token.slice(0, 16),
      ...{ decision_count: 0, recent_models: [], spend_usd: 0 },
      ...{ max_budget_usd: 1, budget_remaining_usd: 1, budget_used_pct: 0 },
    })
    expect((await chat('gpt', key)).status).toBe(200)
    const stats = await waitUntil('the ledger has it', async () => {
      const answer = await ask('/me/stats', key)
      expect(answer.text).not.toContain(key)
      return answer.json().decision_count > 0 && answer.json()
    })
    expect(stats).toMatchObject({ decision_count: 1, recent_models: ['gpt'], spend_usd: 0.025 })
    expect(stats.budget_remaining_usd).toBeCloseTo(0.975)
    expect(stats.budget_used_pct).toBeCloseTo(2.5)
  })

  it('makes keys that may do no more than the one they were made with', async () => {
    const { key } = await gateway.createKey({ user_id: 'bob', models: ['mini'], max_budget: 1, rpm_limit: 9 })
    const made = await ask('/me/keys', key, { name: 'laptop', max_budget_usd: 0.4 })
    expect(made.status, made.text).toBe(201)
    const minted = made.json()
    expect(minted).toMatchObject({
      key_id: expect.stringMatching(/^kid_[0-9a-f]{24}$/),
      ...{ name: 'laptop', owner_id: 'bob', max_budget_usd: 0.4, allowed_models: ['mini'] },
      masked: `sk-...${minted.key.slice(-4)}`,
    })
    expect((await chat('mini', minted.key)).status).toBe(200)
    expect((await chat('gpt', minted.key)).status).toBe(403)
    const stored = (await ask(`/key/info?key=${minted.key}`, masterKey)).json().info
    expect(stored).toMatchObject({ user_id: 'bob', rpm_limit: 9, max_budget: 0.4 })
    expect((await ask('/me/keys', key, { allowed_models: ['gpt'] })).status).toBe(403)
    const tooMuch = await ask('/me/keys', key, { max_budget_usd: 1.1 })
    expect([tooMuch.status, tooMuch.text]).toEqual([403, expect.stringContaining('max_budget_usd')])
    expect((await ask('/me/keys', key, {})).json().max_budget_usd).toBe(1)
  })

  it('spends one budget with all keys, those made with minted ones and those that are gone included', async () => {
    const { key, token } = await gateway.createKey({ user_id: 'max', max_budget: 0.1 })
    const mint = async (by: string, body: object = {}) => (await ask('/me/keys', by, body)).json()
    const child = await mint(key)
    const grandchild = await mint(child.key, { max_budget_usd: 0.05 })
    const statusOf = async (by: string) => (await chat('gpt', by)).status
    expect([await statusOf(child.key), await statusOf(grandchild.key)]).toEqual([200, 200])
    // Another text of a minted key spends the same money.
    const renewed = (await ask('/key/regenerate', masterKey, { key: grandchild.key })).json().key
    expect(await statusOf(renewed)).toBe(200)
    expect((await ask(`/me/keys/${child.key_id}`, key, undefined, 'DELETE')).status).toBe(200)
    expect([await statusOf(renewed), await statusOf(key), await statusOf(key)]).toEqual([429, 200, 429])
    const refused = await chat('gpt', (await mint(key)).key)
    expect([refused.status, refused.json().error.code]).toEqual([429, 'budget_exceeded'])
    const spend = await waitUntil('the ledger has all of it', async () => {
      const { info } = (await ask(`/key/info?key=${token}`, masterKey)).json()
      return info.spend > 0.09 && info
    })
    expect(spend.spend).toBeCloseTo(0.1)
    expect(Object.keys(spend)).not.toContain('minted_hashes')
    // More for the one is more for all.
    await ask('/key/update', masterKey, { key, max_budget: 0.2 })
    expect([await statusOf(key), await statusOf(renewed)]).toEqual([200, 429])
  })

  it('spends one budget with all the texts a key has had', async () => {
    const maker = await gateway.createKey({ user_id: 'ann', max_budget: 1 })
    let { key } = (await ask('/me/keys', maker.key, { max_budget_usd: 0.1 })).json()
    for (const _ of [1, 2, 3, 4]) {
      expect((await chat('gpt', key)).status).toBe(200)
      const renewed = await ask('/key/regenerate', masterKey, { key, grace_period: '1s' })
      key = renewed.json().key
    }
    const refused = await chat('gpt', key)
    expect([refused.status, refused.json().error.code]).toEqual([429, 'budget_exceeded'])
    for (const one of [key, maker.key])
      await waitUntil('the ledger has all of it', async () => {
        const { info } = (await ask(`/key/info?key=${one}`, masterKey)).json()
        return Math.abs(info.spend - 0.1) < 1e-6
      })
  })

  it('counts requests of all keys together', async () => {
    const { key } = await gateway.createKey({ user_id: 'pia', rpm_limit: 2 })
    const { key: minted } = (await ask('/me/keys', key, {})).json()
    expect([(await chat('gpt', key)).status, (await chat('gpt', minted)).status]).toEqual([200, 200])
    const refused = [await chat('gpt', key), await chat('gpt', minted)]
    expect(refused.map(({ status }) => status)).toEqual([429, 429])
  })

  it('lists and deletes one’s own keys only', async () => {
    const { key } = await gateway.createKey({ user_id: 'eve' })
    const { key: lone } = await gateway.createKey({})
    const { key_id, key: minted } = (await ask('/me/keys', key, { name: 'a' })).json()
    expect((await ask('/me/keys', key)).json()).toMatchObject({ keys: [{ key_id, name: 'a' }], count: 1 })
    expect((await ask('/me/keys', key)).text).not.toContain(minted)
    expect((await ask('/me/keys', lone)).json()).toEqual({ keys: [], count: 0 })
    const foreign = await ask(`/me/keys/${key_id}`, lone, undefined, 'DELETE')
    expect([foreign.status, foreign.json().error.code]).toEqual([404, 'key_not_found'])
    expect((await ask(`/me/keys/${key_id}`, key, undefined, 'DELETE')).json()).toEqual({
      ...{ deleted: true, key_id },
    })
    expect((await chat('gpt', minted)).status).toBe(401)
    expect((await ask('/me/keys', lone, {})).json().owner_id).toMatch(/^key:[0-9a-f]{64}$/)
  })

  it('does not let a key be passed off as one of one’s own', async () => {
    const { key } = await gateway.createKey({ user_id: 'liz' })
    const made = await gateway.createKey({ minted_by: 'liz' })
    await ask('/key/update', masterKey, { key: made.key, minted_by: 'liz' })
    expect((await ask('/me/keys', key)).json()).toEqual({ keys: [], count: 0 })
    const { key: minted } = (await ask('/me/keys', key, {})).json()
    await ask('/key/update', masterKey, { key: minted, minted_by: 'somebody else' })
    expect((await ask('/me/keys', key)).json().count).toBe(1)
  })

  it('passes on when a key ends, and nothing that lets it rise', async () => {
    const { key } = await gateway.createKey({
      ...{ user_id: 'kim', duration: '1h', permissions: { 'key.write': true } },
      ...{ allowed_routes: ['/v1/chat/completions', '/me/*'] },
    })
    const { key: minted } = (await ask('/me/keys', key, {})).json()
    const { info } = (await ask(`/key/info?key=${minted}`, masterKey)).json()
    expect(Date.parse(info.expires) - Date.now()).toBeLessThanOrEqual(3_600_000)
    expect(info).toMatchObject({ allowed_routes: ['/v1/chat/completions', '/me/*'], permissions: {} })
    expect((await ask('/v1/models', minted)).status).toBe(403)
  })
})

it('self-service can be switched off', async () => {
  const gateway = await startGateway({ config: {}, env: { ROUTEIQ_SELF_SERVICE_KEYS: 'false' } })
  try {
    const answer = await asks(() => gateway)('/me/stats', masterKey)
    expect([answer.status, answer.json().error.code]).toEqual([404, 'feature_disabled'])
  } finally {
    await gateway.stop()
  }
})
