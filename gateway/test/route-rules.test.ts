import { afterAll, beforeAll, expect, it } from 'vitest'
import { type CallOptions, call } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

let upstream: ScriptedUpstream
let open: Gateway
let narrow: Gateway
let key = ''

const prices = { input_cost_per_token: 0.001, output_cost_per_token: 0.002 }

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  const model_list = [deployment('gpt', upstream.openaiBase, prices)]
  ;[open, narrow] = await Promise.all([
    startGateway({
      config: {
        model_list,
        general_settings: {
          admin_only_routes: ['/models', '/me/*'],
          public_routes: ['/test', '/routes', '/key/generate', '/spend/logs'],
          user_header_name: 'X-Person',
          user_header_mappings: [
            { header_name: 'X-OpenWebUI-User-Email', litellm_user_role: 'customer' },
            { header_name: 'X-OpenWebUI-User-Id', litellm_user_role: 'internal_user' },
          ],
        },
      },
    }),
    startGateway({
      config: {
        model_list,
        general_settings: {
          ...{ allowed_routes: ['llm_api_routes', '/me/stats'], enforce_user_param: true },
        },
      },
    }),
  ])
  key = (await open.createKey({})).key
})
afterAll(async () => {
  await Promise.all([open?.stop(), narrow?.stop()])
  await upstream?.close()
})

const statusOf = async ({ url }: Gateway, path: string, options: CallOptions = {}) =>
  (await call(url, path, options)).status
const chat = ({ url }: Gateway, by: string, body: object = {}, headers: Record<string, string> = {}) =>
  call(url, '/v1/chat/completions', { key: by, headers, body: { model: 'gpt', messages, ...body } })

it('admin_only_routes are closed to all but admins, by every path they have', async () => {
  for (const path of ['/models', '/v1/models', '/v1/v1/models', '/me/stats']) {
    expect([path, await statusOf(open, path, { key })]).toEqual([path, 403])
    expect([path, await statusOf(open, path, { key: masterKey })]).toEqual([path, 200])
  }
  expect((await chat(open, key)).status).toBe(200)
})

it('public_routes answer without a key, but never those for admins', async () => {
  expect(await statusOf(open, '/test')).toBe(200)
  expect(await statusOf(open, '/v1/routes')).toBe(200)
  expect(await statusOf(open, '/health/shared-status')).toBe(401)
  expect(await statusOf(open, '/key/generate', { body: {} })).toBe(401)
  expect(await statusOf(open, '/spend/logs')).toBe(401)
  // A wrong key is wrong everywhere.
  expect(await statusOf(open, '/test', { key: 'sk-wrong' })).toBe(401)
})

it('allowed_routes are all there is for who is no admin', async () => {
  const { key: plain } = await narrow.createKey({})
  expect((await chat(narrow, plain, { user: 'ann' })).status).toBe(200)
  expect(await statusOf(narrow, '/me/stats', { key: plain })).toBe(200)
  for (const path of ['/me/keys', '/key/info', '/routes'])
    expect([path, await statusOf(narrow, path, { key: plain })]).toEqual([path, 403])
  expect(await statusOf(narrow, '/routes', { key: masterKey })).toBe(200)
})

it('enforce_user_param asks every request for its end user', async () => {
  const { key: plain } = await narrow.createKey({})
  const refused = await chat(narrow, plain)
  expect([refused.status, refused.json().error.param]).toEqual([400, 'user'])
  expect((await chat(narrow, plain, {}, { 'x-litellm-end-user-id': 'ann' })).status).toBe(200)
})

it('headers name the end user of a request in their order, and never the user of a key', async () => {
  const { key: own, token } = await open.createKey({ user_id: 'owner' })
  const headers = {
    'x-openwebui-user-email': 'ann@example.com',
    'x-person': 'ben',
    'x-openwebui-user-id': '7',
  }
  await chat(open, own, { user: 'cem' }, headers)
  await chat(open, own, { user: 'cem' }, { 'x-person': 'ben' })
  await chat(open, own, { user: 'cem' }, { ...headers, 'x-litellm-customer-id': 'dan' })
  await chat(open, own, { user: 'cem' })
  const rows = await waitUntil('the ledger has them', async () => {
    const all = (await call(open.url, `/spend/logs?api_key=${token}`, { key: masterKey })).json()
    return all.length === 4 && all
  })
  const named = rows.map((row: { end_user: string; user: string }) => `${row.user} for ${row.end_user}`)
  expect(named.sort()).toEqual(['ann@example.com', 'ben', 'cem', 'dan'].map((name) => `owner for ${name}`))
  expect(open.stdout() + open.stderr()).toContain('X-OpenWebUI-User-Id is not taken')
})
