import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { call, openRequest } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { openaiError } from './harness/openai-wire.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, startGateway } from './harness/start-gateway.ts'
import { hang, respond, respondStream } from './harness/steps.ts'
import { waitUntil } from './harness/wait-until.ts'

const canaries = {
  master: 'sk-canary-master-9f8e7d6c5b4a39281',
  admin: 'sk-canary-admin-1a2b3c4d5e6f70819',
  provider: 'sk-proj-canary-provider-0123456789abcdef',
  plainProvider: 'canaryproviderkeywithoutprefix0123456789',
  pepper: 'canary-pepper-abcdef0123456789abcdef',
  unknown: 'sk-canary-unknown-77665544332211',
  upstreamEcho: 'sk-canary-of-somebody-else-1234567890',
  chosen: 'sk-canary-chosen-virtual-key-55443322',
  prompt: 'canary-prompt-my-secret-diary',
}

let upstream: ScriptedUpstream
let gateway: Gateway
let generated: string

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  const base = upstream.openaiBase
  gateway = await startGateway({
    config: {
      model_list: [
        deployment('gpt', base, { api_key: 'os.environ/PROVIDER_KEY' }),
        deployment('plain', base, { api_key: 'os.environ/PLAIN_KEY' }),
        deployment('broken', `http://user:canary-password@127.0.0.1:1/v1`, {
          api_key: 'os.environ/PROVIDER_KEY',
        }),
      ],
      router_settings: { num_retries: 0 },
    },
    env: {
      LITELLM_MASTER_KEY: canaries.master,
      ADMIN_API_KEYS: canaries.admin,
      PROVIDER_KEY: canaries.provider,
      PLAIN_KEY: canaries.plainProvider,
      ROUTEIQ_KEY_PEPPER: canaries.pepper,
    },
    flags: ['--debug'],
  })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

async function useEverySecret(): Promise<void> {
  const generate = (body: object) => call(gateway.url, '/key/generate', { key: canaries.admin, body })
  generated = (await generate({ key_alias: 'made' })).json().key
  expect((await generate({ key: canaries.chosen })).status).toBe(200)
  const body = (model: string, extra: object = {}) => ({
    model,
    messages: [{ role: 'user', content: canaries.prompt }],
    ...extra,
  })
  const path = '/v1/chat/completions'
  for (const key of [canaries.master, canaries.admin, canaries.chosen, generated, canaries.unknown]) {
    await call(gateway.url, path, { key, body: body('gpt') })
    await call(gateway.url, path, { key, body: body('gpt', { stream: true }) })
    await call(gateway.url, `/v1/models/none?key=${key}&api_key=${key}`, { key })
    await call(gateway.url, `/nowhere/${key}`, { headers: { 'x-api-key': key, 'user-agent': key } })
    await call(gateway.url, `/key/info?key=${key}`, { key: canaries.master })
    await call(gateway.url, path, { key, body: `{"broken": "${key}"` })
    await call(gateway.url, path, { key, body: body(key) })
  }
  for (const [model, own] of [
    ['gpt', canaries.provider],
    ['plain', canaries.plainProvider],
  ] as const) {
    const echo = `Incorrect API key ${own}, ${canaries.upstreamEcho}`
    for (const status of [400, 401, 500]) {
      upstream.script(model, respond(status, openaiError(echo)))
      const answer = await call(gateway.url, path, { key: generated, body: body(model) })
      expect(answer.status).toBe(status)
      expect(answer.text + JSON.stringify(answer.headers)).not.toContain('canary')
    }
    upstream.script(model, respondStream(`data: ${JSON.stringify(openaiError(echo))}\n\n`))
    expect(
      (await call(gateway.url, path, { key: generated, body: body(model, { stream: true }) })).text,
    ).not.toContain('canary')
  }
  const unreachable = await call(gateway.url, path, { key: generated, body: body('broken') })
  expect(unreachable.text + JSON.stringify(unreachable.headers)).not.toContain('canary-password')
  await leaveEarly(generated)
}

async function leaveEarly(key: string): Promise<void> {
  upstream.script('gpt', hang())
  const request = openRequest(gateway.url, '/v1/chat/completions', { key, body: { model: 'gpt', messages } })
  request.on('error', () => {})
  await waitUntil('the upstream has it', () => upstream.pendingRequests === 1)
  request.destroy()
  await waitUntil('the upstream call is cancelled', () => upstream.pendingRequests === 0)
}

it('no secret is in the log, on a public page or in the data directory', async () => {
  await useEverySecret()
  const pages = ['/health', '/_health/ready', '/_health/models', '/config/status', '/metrics']
  const shown = (await Promise.all(pages.map((path) => call(gateway.url, path)))).map((page) => page.text)
  await gateway.restart()
  gateway.kill('SIGTERM')
  await gateway.exited()
  const secrets = { ...canaries, generated, password: 'canary-password' }
  const places: [string, Buffer][] = [
    ['stdout', Buffer.from(gateway.stdout())],
    ['stderr', Buffer.from(gateway.stderr())],
    ['pages', Buffer.from(shown.join('\n'))],
    ...filesIn(gateway.dataDir),
  ]
  expect(gateway.stdout().length).toBeGreaterThan(5000)
  const leaks = places.flatMap(([place, bytes]) =>
    Object.entries(secrets).flatMap(([name, secret]) =>
      bytes.includes(secret) ? [`${name} in ${place}`] : [],
    ),
  )
  expect(leaks).toEqual([])
})

/** Every file of the data directory but the configuration, which the test wrote itself. */
function filesIn(directory: string): [string, Buffer][] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'config.yaml')
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [path, readFileSync(path)])
}
