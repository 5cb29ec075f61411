import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { listDatabases, startGatewayOver } from './harness/databases.ts'
import { type Gateway, masterKey } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

describe.each(await listDatabases())('keys that rotate, on $name', (kind) => {
  let gateway: Gateway
  const post = (path: string, key: string, body: object = {}) => call(gateway.url, path, { key, body })
  const statusOf = async (key: string) => (await call(gateway.url, '/v1/models', { key })).status
  const infoOf = async (key: string) =>
    (await call(gateway.url, `/key/info?key=${key}`, { key: masterKey })).json().info

  beforeAll(async () => {
    gateway = await startGatewayOver(kind, {
      config: {},
      env: { ROUTEIQ_KEY_ROTATION_ENABLED: 'true', LITELLM_KEY_ROTATION_GRACE_PERIOD: '1h' },
      workers: 2,
    })
  })
  afterAll(() => gateway?.stop())

  it('get another text when they are due, which the old one fetches while it is taken', async () => {
    const still = await gateway.createKey({ key_alias: 'still' })
    const young = await gateway.createKey({ key_alias: 'young', auto_rotate: true })
    const due = { auto_rotate: true, rotation_interval: '1s', max_budget: 5 }
    const old = await gateway.createKey({ ...due, key_alias: 'due' })
    const fetched = await waitUntil(
      'it has rotated',
      async () => {
        const answer = await post('/key/successor', old.key)
        return answer.status === 200 ? answer.json() : null
      },
      40_000,
    )
    expect(fetched.key).toMatch(/^sk-riq-/)
    expect(fetched.key).not.toBe(old.key)
    expect(Date.parse(fetched.old_key_expires)).toBeGreaterThan(Date.now())

    // It keeps still from here on.
    await waitUntil('it is told so', async () => {
      const { token_id } = (await post('/key/successor', old.key)).json()
      return (await post('/key/update', masterKey, { key: token_id, auto_rotate: false })).status === 200
    })
    const { key } = (await post('/key/successor', old.key)).json()
    expect([await statusOf(old.key), await statusOf(key)]).toEqual([200, 200])
    expect((await post('/key/successor', key)).json().key).toBe(key)
    expect(await infoOf(key)).toMatchObject({
      ...{ key_alias: 'due', max_budget: 5, auto_rotate: false, rotation_interval: '1s' },
      ...{ rotation_count: expect.any(Number), last_rotation_at: expect.any(String) },
    })

    for (const other of [still, young]) {
      expect((await infoOf(other.key)).token).toBe(other.token)
      const nothing = await post('/key/successor', other.key)
      expect([nothing.status, nothing.json().error.code]).toEqual([404, 'key_not_found'])
    }
    await waitUntil('the audit log has it', async () => {
      const path = '/api/v1/routeiq/audit?action=management.key.rotate'
      const { events } = (await call(gateway.url, path, { key: masterKey })).json()
      return events.some((event: { resource_id: string }) => event.resource_id === fetched.token_id)
    })

    const renewed = (await post('/key/regenerate', masterKey, { key })).json()
    await waitUntil('the text before is refused', async () => (await statusOf(key)) === 401)
    expect((await post('/key/successor', renewed.key)).status).toBe(404)
  }, 90_000)

  it('are left alone by who has no key, and say what they take', async () => {
    expect((await call(gateway.url, '/key/successor', { method: 'POST' })).status).toBe(401)
    for (const body of [{ auto_rotate: 'often' }, { rotation_interval: 'soon' }])
      expect((await post('/key/generate', masterKey, body)).status).toBe(422)
  })
})
