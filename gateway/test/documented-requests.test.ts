import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runScript } from './docs/run-script.ts'
import { call } from './harness/call-gateway.ts'
import { type ConfigServer, startConfigServer } from './harness/config-server.ts'
import { removeDirectory, temporaryDirectory } from './harness/data-directory.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'

/** What clients were first told to send, letter by letter, and what they were told of the answers. */
const models = ['gpt-4', 'claude-3-opus', 'claude-3-sonnet']
let place: ConfigServer
let gateway: Gateway
let directory: string

beforeAll(async () => {
  place = await startConfigServer({
    model_list: models.map((model_name) => ({ model_name, litellm_params: { model: 'demo/demo' } })),
  })
  directory = await temporaryDirectory()
  gateway = await startGateway({
    config: {},
    env: {
      CONFIG_HTTP_URL: place.url,
      ...{ CONFIG_SYNC_INTERVAL: '60', CONFIG_HOT_RELOAD: 'true' },
    },
  })
})
afterAll(async () => {
  await gateway?.stop()
  await place?.close()
  await removeDirectory(directory)
})

const curl = async (line: string): Promise<string> => {
  const { code, output } = await runScript(line.replaceAll('http://localhost:4000', gateway.url), directory)
  expect({ code, output }).toEqual({ code: 0, output })
  return output
}
const ask = async (method: string, path: string, more = '') =>
  JSON.parse(
    await curl(
      `curl -sS -X ${method} http://localhost:4000${path} -H "Authorization: Bearer ${masterKey}" ${more}`,
    ),
  )

describe('the router', () => {
  it('GET /router/info', async () => {
    const info = await ask('GET', '/router/info')
    expect(info).toMatchObject({ hot_reload_enabled: true })
    // Those that are trained are there with a bundle that holds them.
    expect(info.registered_strategies).toContain('llmrouter-auto')
    expect(info.strategy_count).toBe(info.registered_strategies.length)
  })

  it('POST /router/reload, without a body', async () => {
    expect(await ask('POST', '/router/reload')).toMatchObject({
      status: 'success',
      synced_from_remote: false,
    })
  })

  it('POST /router/route', async () => {
    const body = `-H "Content-Type: application/json" -d '{"query": "Explain quantum entanglement"}'`
    const decision = await ask('POST', '/router/route', body)
    expect(models).toContain(decision.selected_model)
    expect(decision.confidence).toBeGreaterThanOrEqual(0)
    const scores: number[] = decision.alternatives.map(({ score }: { score: number }) => score)
    expect(scores).toEqual([...scores].sort((left, right) => right - left))
    expect(decision.alternatives.map(({ model }: { model: string }) => model).sort()).toEqual(
      models.filter((name) => name !== decision.selected_model).sort(),
    )
  })
})

describe('the configuration', () => {
  it('GET /config/sync/status', async () => {
    expect(await ask('GET', '/config/sync/status')).toMatchObject({
      ...{ enabled: true, hot_reload_enabled: true, sync_interval_seconds: 60, running: true, s3: null },
      ...{ reload_count: expect.any(Number), last_sync_time: expect.any(Number) },
      http: { last_etag: expect.any(String) },
    })
  })

  it('POST /config/reload', async () => {
    const body = `-H "Content-Type: application/json" -d '{"force_sync": true}'`
    expect(await ask('POST', '/config/reload', body)).toMatchObject({
      ...{ status: 'success', message: 'Config reload triggered', synced_from_remote: true },
    })
  })
})

describe('errors, limits and streams', () => {
  it('an invalid key', async () => {
    const body = { model: 'gpt-4', messages: [{ role: 'user', content: 'Hello' }] }
    const refused = await call(gateway.url, '/chat/completions', { key: 'sk-wrong', body })
    expect(refused.status).toBe(401)
    expect(refused.json().error).toMatchObject({
      ...{ type: 'authentication_error', code: 'invalid_api_key' },
      message: expect.stringContaining('Invalid API key'),
    })
  })

  it('the headers of rate limits', async () => {
    const { key } = await gateway.createKey({ rpm_limit: 1_000 })
    const { headers } = await call(gateway.url, '/chat/completions', {
      ...{ key, body: { model: 'gpt-4', messages: [{ role: 'user', content: 'Hello' }] } },
    })
    expect(headers).toMatchObject({ 'x-ratelimit-limit': '1000', 'x-ratelimit-remaining': '999' })
    expect(Number(headers['x-ratelimit-reset'])).toBeGreaterThan(Date.now() / 1_000 - 60)
  })

  it('a stream', async () => {
    const { key } = await gateway.createKey({})
    const text = await curl(`curl -sS -X POST http://localhost:4000/chat/completions \\
  -H "Authorization: Bearer ${key}" \\
  -H "Content-Type: application/json" \\
  -d '{
    "model": "gpt-4",
    "messages": [{"role": "user", "content": "Hello"}],
    "stream": true
  }'`)
    expect(text).toMatch(/^data: \{/)
    expect(text.trimEnd()).toMatch(/data: \[DONE\]$/)
  })
})
