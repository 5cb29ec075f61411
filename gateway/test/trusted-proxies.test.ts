import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { runProduct } from './harness/run-product.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'

const proxy = '127.0.0.2'
const elsewhere = '127.0.0.3'
const denied = '198.51.100.9'
let gateway: Gateway

/** A request as a proxy passes it on, or as somebody sends it who would like to be one. */
const ask = (forwarded: string | null, { from = proxy, key = masterKey, path = '/v1/models' } = {}) =>
  call(gateway.url, path, {
    ...{ key, localAddress: from, headers: forwarded === null ? {} : { 'x-forwarded-for': forwarded } },
  })
const statusOf = async (...args: Parameters<typeof ask>) => (await ask(...args)).status

beforeAll(async () => {
  const env: Record<string, string> = {
    ...{ ROUTEIQ_TRUSTED_PROXIES: `${proxy},10.0.0.0/8`, POLICY_ENGINE_ENABLED: 'true' },
  }
  gateway = await startGateway({
    config: { general_settings: { allowed_ips: ['198.51.100.0/24'] } },
    env,
    workers: 2,
  })
  const policies = join(gateway.dataDir, 'policies.json')
  writeFileSync(
    policies,
    JSON.stringify({ rules: [{ name: 'one', action: 'deny', source_ips: [denied], reason: 'That one.' }] }),
  )
  env['POLICY_CONFIG_PATH'] = policies
  await gateway.restart()
})
afterAll(() => gateway?.stop())

it('a client is who the trusted proxy names, through a chain of them too', async () => {
  expect(await statusOf('198.51.100.7')).toBe(200)
  expect(await statusOf('198.51.100.7, 10.1.2.3')).toBe(200)
  expect(await statusOf('203.0.113.5')).toBe(403)
  expect(await statusOf(null)).toBe(403)
})

it('what a client writes into the header itself counts for nothing', async () => {
  expect(await statusOf('198.51.100.7, 203.0.113.5')).toBe(403)
  expect(await statusOf('198.51.100.7, unknown')).toBe(403)
  expect(await statusOf('198.51.100.7', { from: elsewhere })).toBe(403)
  const headers = {
    'x-real-ip': '198.51.100.7',
    forwarded: 'for=198.51.100.7',
    'x-client-ip': '198.51.100.7',
  }
  const others = await call(gateway.url, '/v1/models', { key: masterKey, localAddress: proxy, headers })
  expect(others.status).toBe(403)
})

it('rules look at the client, not at the proxy', async () => {
  const answer = await ask(denied)
  expect([answer.status, answer.json().error]).toEqual([403, 'policy_denied'])
})

it('who guesses keys is slowed down, and nobody else behind the same proxy', async () => {
  const key = 'sk-a-key-that-nobody-has-0000'
  const guesses = await Promise.all(Array.from({ length: 60 }, () => statusOf('198.51.100.20', { key })))
  expect(guesses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(10)
  expect(await statusOf('198.51.100.21', { key })).toBe(401)
})

it.each([
  [
    'an entry that is none',
    { ROUTEIQ_TRUSTED_PROXIES: 'nginx' },
    {},
    2,
    'nginx is no address and no CIDR range',
  ],
  ['everybody', { ROUTEIQ_TRUSTED_PROXIES: '0.0.0.0/0' }, {}, 0, '0.0.0.0/0 trusts everybody'],
  ['nobody', {}, { use_x_forwarded_for: true }, 0, 'name them in ROUTEIQ_TRUSTED_PROXIES'],
])('a configuration that trusts %s is told so', async (_, env, general_settings, code, words) => {
  const file = join(gateway.dataDir, 'other.json')
  writeFileSync(file, JSON.stringify({ general_settings }))
  const product = runProduct(['validate-config', '--config', file], { LITELLM_MASTER_KEY: masterKey, ...env })
  expect([(await product.exited).code, product.stdout()]).toEqual([code, expect.stringContaining(words)])
})
