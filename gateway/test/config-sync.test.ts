import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Answer, call } from './harness/call-gateway.ts'
import { type ConfigServer, startConfigServer } from './harness/config-server.ts'
import { freePort } from './harness/free-port.ts'
import { runProduct } from './harness/run-product.ts'
import { type Gateway, masterKey as key, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

let server: ConfigServer
let gateway: Gateway

const configOf = (...names: string[]): object => ({
  model_list: names.map((model_name) => ({ model_name, litellm_params: { model: 'demo/demo' } })),
})

/** Every test begins with it in force. */
const first = configOf('first')

beforeAll(async () => {
  server = await startConfigServer(first)
  const { host } = new URL(server.url)
  gateway = await startGateway({
    config: configOf('local'),
    env: {
      CONFIG_HTTP_URL: `http://reader:open-sesame@${host}/config.yaml?token=hush`,
      CONFIG_SYNC_INTERVAL: '3600',
    },
  })
})
afterAll(async () => {
  await gateway?.stop()
  await server?.close()
})
beforeEach(async () => {
  server.set(first)
  expect((await reload({ force_sync: true })).status).toBe(200)
  server.requests.length = 0
})

const reload = (body: object, path = '/config/reload'): Promise<Answer> =>
  call(gateway.url, path, { key, body })

async function models(): Promise<string[]> {
  const { data } = (await call(gateway.url, '/v1/models', { key })).json()
  return data.map(({ id }: { id: string }) => id)
}

async function status(as = key): Promise<Record<string, unknown>> {
  return (await call(gateway.url, '/config/sync/status', { key: as })).json()
}

describe('a configuration behind a URL', () => {
  it('takes the place of the file at the start', async () => {
    expect(await models()).toEqual(['first'])
    expect((await call(gateway.url, '/config/status')).json()).toMatchObject({
      ...{ config_source: 'http', sync_enabled: true, sync_interval_seconds: 3600, model_count: 1 },
      ...{ last_sync_error: null, last_sync_success: expect.any(String), next_sync_at: expect.any(String) },
    })
  })

  it('GET /config/sync/status tells where it comes from and how it goes', async () => {
    const answer = await status()
    expect(answer).toEqual({
      ...{ enabled: true, hot_reload_enabled: false, sync_interval_seconds: 3600, running: true },
      ...{ s3: null, gcs: null, appconfig: null },
      http: { enabled: true, url: server.url, last_etag: expect.stringMatching(/^[0-9a-f]{32}$/) },
      ...{ reload_count: expect.any(Number), last_sync_time: expect.any(Number) },
      ...{ local_config_path: null, local_config_hash: (answer['http'] as { last_etag: string }).last_etag },
      ...{ config_version_hash: expect.stringMatching(/^sha256:/), last_error: null, ha_mode: 'single' },
      leader_election: { enabled: false, backend: 'none', is_leader: true, skipped_sync_count: 0 },
    })
    expect(Math.abs((answer['last_sync_time'] as number) * 1_000 - Date.now())).toBeLessThan(60_000)
    expect((await call(gateway.url, '/config/sync/status')).status).toBe(401)
  })

  it('POST /config/reload with force_sync asks for it, with the ETag and the credentials of the URL', async () => {
    const unchanged = await reload({ force_sync: true })
    expect(unchanged.json()).toMatchObject({
      ...{ status: 'success', message: 'Config reload triggered', synced_from_remote: true, changed: false },
      models: { added: [], removed: [], updated: [] },
    })
    server.set(configOf('first', 'second'))
    expect((await reload({ force_sync: true }, '/router/reload')).json()).toMatchObject({
      ...{ synced_from_remote: true, changed: true },
      models: { added: ['second'], removed: [], updated: [] },
    })
    expect(await models()).toEqual(['first', 'second'])
    const basic = `Basic ${Buffer.from('reader:open-sesame').toString('base64')}`
    expect(server.requests).toEqual([
      { path: '/config.yaml?token=hush', headers: expect.objectContaining({ authorization: basic }) },
      { path: '/config.yaml?token=hush', headers: expect.objectContaining({ authorization: basic }) },
    ])
    expect(server.requests[0]?.headers['if-none-match']).toMatch(/^"[0-9a-f]{32}"$/)
  })

  it.each(['/config/reload', '/router/reload', '/llmrouter/reload'])(
    'POST %s without force_sync asks nobody and says so',
    async (path) => {
      server.set(configOf('unasked'))
      for (const body of [{}, { force_sync: false }])
        expect((await reload(body, path)).json()).toMatchObject({
          ...{ status: 'success', synced_from_remote: false, changed: false },
        })
      const { status, text } = await call(gateway.url, path, { key, method: 'POST' })
      expect([status, JSON.parse(text).synced_from_remote]).toEqual([200, false])
      expect(server.requests).toEqual([])
      expect(await models()).toEqual(['first'])
    },
  )

  it.each([
    ['a list', '- just\n- a list\n', 'should contain a map'],
    ['no YAML', 'model_list: [\n', ''],
    ['a page of something else', '<!doctype html><html></html>', ''],
  ])('keeps the last good one when the new one is %s', async (_, text, words) => {
    server.set(text)
    const answer = await reload({ force_sync: true })
    expect(answer.status).toBe(422)
    expect(answer.json()).toMatchObject({
      ...{ status: 'failed', error: 'config_reload_failed', detail: expect.anything() },
      errors: expect.arrayContaining([{ path: expect.any(String), message: expect.stringContaining(words) }]),
    })
    expect(await models()).toEqual(['first'])
    const { last_error, http } = await status()
    expect(last_error).toEqual(expect.stringContaining(words))
    // What was refused is asked for again, rather than taken for known.
    server.set(first)
    expect((await reload({ force_sync: true })).json()).toMatchObject({ changed: false })
    expect(await status()).toMatchObject({ last_error: null, http })
  })

  it.each([
    ['is refused', 403, 'status 403'],
    ['is not there', 404, 'status 404'],
    ['is empty', ' \n', 'the document is empty'],
  ])('keeps it when the document %s', async (_, content, words) => {
    server.set(content)
    const answer = await reload({ force_sync: true })
    expect(answer.status).toBe(502)
    expect(answer.json()).toMatchObject({ status: 'failed', error: 'config_reload_failed' })
    expect(answer.json().message).toContain(words)
    expect(await models()).toEqual(['first'])
  })

  it('tells admins what is wrong, and others that something is', async () => {
    await server.close()
    expect((await reload({ force_sync: true })).status).toBe(502)
    await server.open()
    const { key: plain } = await gateway.createKey()
    expect((await status())['last_error']).toContain('ECONNREFUSED')
    expect((await status(plain))['last_error']).not.toContain('ECONNREFUSED')
    expect((await call(gateway.url, '/config/status')).json().last_sync_error).not.toContain('ECONNREFUSED')
  })

  it('is the last good one after a crash, while the place cannot be reached', async () => {
    server.set(configOf('kept'))
    await reload({ force_sync: true })
    await server.close()
    await gateway.restart('SIGKILL')
    expect(await models()).toEqual(['kept'])
    expect(await status()).toMatchObject({
      last_error: expect.stringContaining('ECONNREFUSED'),
      last_sync_time: null,
    })
    await server.open()
    server.set(first)
    expect((await reload({ force_sync: true })).json()).toMatchObject({ changed: true })
    expect(await models()).toEqual(['first'])
  })

  it('leaves a row in the audit log for every change, and one for a reason that lasts', async () => {
    // Rows of what was changed before may still be on their way.
    const path = `/api/v1/routeiq/audit?action=system.config.sync&since=${new Date().toISOString()}`
    const rows = async () => (await call(gateway.url, path, { key })).json().events
    server.set(configOf('recorded'))
    await reload({ force_sync: true })
    server.set('- a list')
    await reload({ force_sync: true })
    await reload({ force_sync: true })
    const [failed, synced] = await waitUntil('the rows are there', async () => {
      const all = await rows()
      return all.length >= 2 && all
    })
    expect(failed).toMatchObject({
      ...{ actor_id: 'gateway', resource_type: 'configuration', resource_id: server.url, outcome: 'error' },
      outcome_reason: expect.stringContaining('should contain a map'),
    })
    expect(synced).toMatchObject({ outcome: 'success', metadata: { version: expect.any(String) } })
    expect(await rows()).toHaveLength(2)
  })

  it('leaves its credentials nowhere', async () => {
    const pages = [await status(), (await call(gateway.url, '/config/status')).json()]
    const seen = JSON.stringify(pages) + gateway.stdout() + gateway.stderr()
    for (const secret of ['open-sesame', 'hush']) expect(seen).not.toContain(secret)
  })
})

describe('a start', () => {
  let directory: string
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'routeiq-config-sync-'))
  })
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  const start = async (env: Record<string, string>) => {
    const argv = ['start', '--host', '127.0.0.1', '--port', String(await freePort()), '--data-dir', directory]
    return runProduct(argv, { LITELLM_MASTER_KEY: key, ...env }, directory)
  }

  it.each([
    ['http://127.0.0.1:1/config.yaml', 'the connection failed'],
    ['http://169.254.169.254/config.yaml', 'the address may not be called'],
  ])('without a file needs %s, which cannot be had', async (url, reason) => {
    const product = await start({ CONFIG_HTTP_URL: url })
    expect((await product.exited).code).toBe(1)
    expect(product.stderr()).toContain(
      `the remote configuration cannot be read, and there is no file to start with: ${reason}`,
    )
  })

  it.each([
    [{ CONFIG_HTTP_URL: 'ftp://configs.test/config.yaml' }, 'CONFIG_HTTP_URL'],
    [{ CONFIG_S3_BUCKET: 'configs' }, 'CONFIG_S3_KEY'],
    [{ ROUTEIQ_LEADER_ELECTION_BACKEND: 'redis', LLMROUTER_HA_MODE: 'leader_election' }, 'REDIS_URL'],
  ])('refuses %o', async (env, words) => {
    const product = await start(env)
    expect((await product.exited).code).toBe(2)
    expect(product.stderr()).toContain(words)
  })

  it('takes all of a fetched configuration, its keys and its workers too', async () => {
    const masterKey = 'sk-master-of-the-remote-configuration'
    server.set({ ...configOf('far'), general_settings: { master_key: masterKey } })
    const port = await freePort()
    const argv = ['start', '--host', '127.0.0.1', '--port', String(port), '--data-dir', directory]
    const env = { CONFIG_HTTP_URL: server.url, CONFIG_SYNC_INTERVAL: '1', ROUTEIQ_WORKERS: '2' }
    const product = runProduct(argv, env, directory)
    try {
      await waitUntil('it is ready', () => product.announced(), 60_000)
      const seen = async (): Promise<string> =>
        (await call(`http://127.0.0.1:${port}`, '/v1/models', { key: masterKey })).json().data?.[0].id
      expect(await seen()).toBe('far')
      server.set({ ...configOf('farther'), general_settings: { master_key: masterKey } })
      // Connections of their own, so that both workers are asked.
      await waitUntil('every worker has taken it by itself', async () => {
        const ids = await Promise.all(Array.from({ length: 6 }, seen))
        return ids.every((id) => id === 'farther')
      })
    } finally {
      product.child.kill()
      await product.exited
    }
  })
})
