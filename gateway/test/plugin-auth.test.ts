import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, call } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

const modules = fileURLToPath(new URL('./plugin-modules', import.meta.url))
let upstream: ScriptedUpstream
let gateway: Gateway

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  const prices = { input_cost_per_token: 0.001, output_cost_per_token: 0.002 }
  gateway = await startGateway({
    config: { model_list: ['gpt', 'mini'].map((name) => deployment(name, upstream.openaiBase, prices)) },
    env: { LLMROUTER_PLUGINS: `${modules}/badges.js,${modules}/vault.js` },
  })
  await manage('/team/new', { team_id: 'red', models: ['gpt'], rpm_limit: 500 })
  await manage('/team/new', { team_id: 'closed' })
})
afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

async function manage(path: string, body: object): Promise<void> {
  const answer = await call(gateway.url, path, { key: masterKey, body })
  expect([path, answer.status, answer.text]).toEqual([path, 200, expect.any(String)])
}

const badge = (principal: object): string =>
  `badge.${Buffer.from(JSON.stringify(principal)).toString('base64url')}`
const ask = (key: string, model = 'gpt'): Promise<Answer> =>
  call(gateway.url, '/v1/chat/completions', { key, body: { model, messages } })

describe('a token that a plugin knows', () => {
  it('is held to its own models, those of its team, and their limits', async () => {
    const key = badge({ id: 'ann', teamId: 'red', requestsPerMinute: 400 })
    const answer = await ask(key)
    expect([answer.status, answer.headers]).toMatchObject([200, { 'x-ratelimit-limit-requests': '400' }])
    expect((await ask(key, 'mini')).status).toBe(403)
    const { data } = (await call(gateway.url, '/v1/models', { key })).json()
    expect(data.map(({ id }: { id: string }) => id)).toEqual(['gpt'])
    const own = badge({ id: 'bob', models: ['mini'] })
    expect([(await ask(own)).status, (await ask(own, 'mini')).status]).toEqual([403, 200])
    const none = badge({ id: 'cid', requestsPerMinute: 0 })
    expect((await ask(none)).status).toBe(429)
  })

  it('spends from one budget with all tokens of its holder', async () => {
    const holder = { id: 'dan', teamId: 'red', maxBudgetUsd: 0.001 }
    expect((await ask(badge(holder))).status).toBe(200)
    const other = badge({ ...holder, metadata: { token: 2 } })
    const refused = await ask(other)
    expect([refused.status, refused.json().error]).toMatchObject([429, { code: 'budget_exceeded' }])
    await waitUntil('the team has spent it', async () => {
      const info = await call(gateway.url, '/team/info?team_id=red', { key: masterKey })
      return info.json().team_info.spend > 0
    })
  })

  it('ends when it says, and with its team', async () => {
    expect((await ask(badge({ id: 'eve', expiresAt: 1 }))).status).toBe(401)
    const key = badge({ id: 'eve', teamId: 'closed' })
    expect((await ask(key)).status).toBe(200)
    await manage('/team/block', { team_id: 'closed' })
    expect((await ask(key)).status).toBe(401)
  })

  it('may be longer than a key', async () => {
    expect((await ask(badge({ id: 'fay', metadata: { claims: 'x'.repeat(3_000) } }))).status).toBe(200)
  })

  it.each([
    ['of nobody', 'ticket.1', 401],
    ['that the plugin cannot read', 'badge.broken', 401],
    ['with a limit that is misspelt', badge({ id: 'gus', rpm: 1 }), 401],
    ['of a team that does not exist', badge({ id: 'gus', teamId: 'blue' }), 403],
    ['of an organization that does not exist', badge({ id: 'gus', organizationId: 'blue' }), 403],
    ['that is too long', `badge.${'x'.repeat(9_000)}`, 401],
  ])('is refused where it is one %s', async (_case, key, status) => {
    expect((await ask(key)).status).toBe(status)
  })

  it('opens nothing that is for admins, and makes no keys', async () => {
    const key = badge({ id: 'hal', userId: 'hal' })
    expect((await call(gateway.url, '/api/v1/routeiq/plugins', { key })).status).toBe(403)
    const minted = await call(gateway.url, '/me/keys', { key, body: { name: 'mine' } })
    expect([minted.status, minted.text]).toEqual([403, expect.stringContaining('this token is none')])
  })
})

it('a meter measures, and its labels are bounded', async () => {
  for (let at = 0; at < 1_010; at += 1)
    await call(gateway.url, '/v1/models', { key: badge({ id: `holder-${at}` }) })
  const { text } = await call(gateway.url, '/metrics', { key: masterKey })
  expect(text).toContain('# HELP plugin_badges_door_badges_total Badges shown.')
  expect(text).toMatch(/^plugin_badges_door_badges_total\{holder="holder-1"\} 1$/m)
  expect(text).toMatch(/^plugin_badges_door_badges_total\{holder="other"\} [1-9]/m)
  expect(text.match(/^plugin_badges_door_badges_total\{/gm)).toHaveLength(1_001)
  expect(text).toMatch(/^plugin_badges_door_length_count [1-9]/m)
})

it('a place for data is refused, and says why', async () => {
  const { plugins } = (await call(gateway.url, '/api/v1/routeiq/plugins', { key: masterKey })).json()
  expect(plugins).toContainEqual(
    expect.objectContaining({
      status: 'failed',
      reason: expect.stringContaining('STORAGE_BACKEND is not open'),
    }),
  )
})
