import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, call } from './harness/call-gateway.ts'
import { controlledStream } from './harness/controlled-step.ts'
import { deployment, messages } from './harness/deployments.ts'
import { expectError } from './harness/expect-error.ts'
import { openStream } from './harness/read-stream.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey as key, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

let upstream: ScriptedUpstream
let gateway: Gateway

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await startGateway({ config: configOf('old'), env: { CONFIG_HOT_RELOAD: 'true' } })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

const configOf = (...names: string[]): object => ({
  model_list: names.map((name) => deployment(name, upstream.openaiBase)),
})

function chat(model: string): Promise<Answer> {
  return call(gateway.url, '/v1/chat/completions', { key, body: { model, messages } })
}

async function status(): Promise<Record<string, unknown>> {
  return (await call(gateway.url, '/config/status')).json()
}

describe('SIGHUP', () => {
  it('swaps the models, and a running stream keeps what it has', async () => {
    const before = await status()
    const { step, finish } = controlledStream()
    upstream.script('old', step)
    const body = { model: 'old', messages, stream: true }
    const stream = await openStream(gateway.url, '/v1/chat/completions', { key, body })
    await waitUntil('the first event is here', () => stream.text().includes('data: '))
    const { pid } = gateway
    await gateway.reload(configOf('new', 'newer'))
    expect((await chat('new')).status).toBe(200)
    expectError(await chat('old'), {
      status: 400,
      type: 'invalid_request_error',
      code: '400',
      param: 'model',
    })
    finish()
    expect((await stream.end).endsWith('data: [DONE]\n\n')).toBe(true)
    expect(gateway.pid).toBe(pid)
    const now = await status()
    expect(now).toMatchObject({
      model_count: 2,
      last_sync_error: null,
      last_sync_success: expect.any(String),
    })
    expect(now['config_version_hash']).toMatch(/^sha256:[0-9a-f]{16}$/)
    expect(now['config_version_hash']).not.toBe(before['config_version_hash'])
  })

  it.each([
    ['is no YAML', 'model_list: [\n'],
    ['is something else', '- just\n- a list\n'],
  ])('keeps the old configuration when the new one %s', async (_, text) => {
    const before = await status()
    await gateway.reload(text)
    expect((await chat('new')).status).toBe(200)
    const now = await status()
    expect(now).toMatchObject({ model_count: 2, config_version_hash: before['config_version_hash'] })
    expect(now['last_sync_error']).toEqual(expect.any(String))
    await gateway.reload(configOf('new', 'newer'))
    expect(await status()).toMatchObject({ last_sync_error: null, model_count: 2 })
  })

  it('drops no request while many are under way', async () => {
    const answers: Promise<Answer>[] = []
    for (let round = 0; round < 5; round++) {
      answers.push(...Array.from({ length: 10 }, () => chat('new')))
      await gateway.reload(configOf('new', `extra-${round}`))
    }
    expect(new Set((await Promise.all(answers)).map((answer) => answer.status))).toEqual(new Set([200]))
  })
})

it('a changed file is read where CONFIG_HOT_RELOAD asks for it', async () => {
  gateway.writeConfig(configOf('written'))
  await waitUntil('the new model answers', async () => (await chat('written')).status === 200)
})
