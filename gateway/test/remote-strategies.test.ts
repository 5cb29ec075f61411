import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Answer, call } from './harness/call-gateway.ts'
import { deployment } from './harness/deployments.ts'
import { chatCompletion } from './harness/openai-wire.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { respond } from './harness/steps.ts'
import { waitUntil } from './harness/wait-until.ts'

let upstream: ScriptedUpstream
let gateway: Gateway
let service: Server
/** What the service was asked, and what it says next; null says nothing. */
let asked: { readonly path: string; readonly authorization: string | undefined; readonly body: object }[] = []
let says: object | null = {}

const strategy = (path: string, args: object = {}): object => ({
  models: ['small', 'large'],
  strategy: 'llmrouter-custom',
  args: { remote_url: `http://127.0.0.1:${(service.address() as AddressInfo).port}${path}`, ...args },
})

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  service = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { url = '', headers } = request
      const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as object
      asked.push({ path: url, authorization: headers.authorization, body })
      if (says !== null) response.end(JSON.stringify(says))
    })
  })
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
  gateway = await startGateway({
    config: {
      model_list: ['small', 'large', 'picker'].map((name, index) =>
        deployment(
          name,
          upstream.openaiBase,
          { input_cost_per_token: (1 + 99 * index) * 1e-7, output_cost_per_token: (1 + 99 * index) * 1e-7 },
          { id: name },
        ),
      ),
      router_settings: { num_retries: 0, cooldown_time: 0 },
      routeiq: {
        routing: {
          routers: {
            elsewhere: strategy('/pick', { remote_api_key: 'sk-remote-secret', remote_timeout_ms: 2_000 }),
            broken: strategy('/broken', { remote_timeout_ms: 2_000 }),
            slow: strategy('/slow', { remote_timeout_ms: 20 }),
            forbidden: { ...strategy(''), args: { remote_url: 'http://169.254.169.254/latest' } },
            chatting: {
              models: ['small', 'large'],
              strategy: 'llmrouter-r1',
              args: {
                remote_url: `${upstream.openaiBase}/chat/completions`,
                remote_model: 'picker',
                remote_timeout_ms: 2_000,
              },
            },
          },
        },
      },
    },
  })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
  service?.closeAllConnections()
  service?.close()
})

beforeEach(() => {
  upstream.reset()
  asked = []
  says = {}
})

const chat = (model: string): Promise<Answer> =>
  call(gateway.url, '/v1/chat/completions', {
    key: masterKey,
    body: { model, messages: [{ role: 'user', content: 'Hello there, how are you?' }] },
  })
const reasonsOf = async (model: string): Promise<readonly string[]> =>
  (await call(gateway.url, '/router/route', { key: masterKey, body: { model, query: 'Hello' } })).json()
    .reasons

describe('a strategy that is served elsewhere', () => {
  it('is asked for the ask and the candidates, and picks', async () => {
    says = { model: 'large' }
    const answer = await chat('elsewhere')
    expect(answer.headers).toMatchObject({
      'x-routeiq-strategy': 'llmrouter-custom',
      'x-routeiq-selected-arm': 'large',
    })
    expect(asked).toEqual([
      {
        path: '/pick',
        authorization: 'Bearer sk-remote-secret',
        body: { query: 'Hello there, how are you?', models: ['small', 'large'] },
      },
    ])
  })

  it('or says how good each would be, which takes the place of our estimates', async () => {
    says = { scores: { large: 1, small: 0 } }
    expect((await chat('elsewhere')).headers['x-routeiq-selected-arm']).toBe('large')
    says = { scores: { large: 0.5, small: 1 } }
    const dry = await call(gateway.url, '/router/route', {
      key: masterKey,
      body: { model: 'elsewhere', query: 'Hello' },
    })
    expect(dry.json()).toMatchObject({ selected_model: 'small', strategy: 'llmrouter-custom' })
  })

  it('may be a chat model', async () => {
    upstream.script('picker', respond(200, chatCompletion({ content: 'I would take large.' })))
    const answer = await chat('chatting')
    expect(answer.headers).toMatchObject({
      'x-routeiq-strategy': 'llmrouter-r1',
      'x-routeiq-selected-arm': 'large',
    })
    const [question] = upstream.requestsFor('picker')
    expect(JSON.stringify(question?.json)).toContain('small, large')
  })

  it('decides nothing that it does not know: the default does', async () => {
    says = { model: 'someone-else' }
    expect(await reasonsOf('elsewhere')).toContain('remote_unknown_model')
    says = { nothing: true }
    expect(await reasonsOf('broken')).toContain('fallback:remote_unavailable')
  })

  it('that does not answer in time is not waited for', async () => {
    says = null
    const answer = await chat('slow')
    expect(answer.status).toBe(200)
    expect(await reasonsOf('slow')).toContain('fallback:remote_unavailable')
  })

  it('that keeps failing is left alone', async () => {
    for (let turn = 0; turn < 7; turn++) await reasonsOf('broken')
    const before = asked.length
    expect(before).toBeLessThan(7)
    expect((await chat('broken')).status).toBe(200)
    expect(asked).toHaveLength(before)
  })

  it('is never looked for where metadata services are', async () => {
    expect(await reasonsOf('forbidden')).toContain('fallback:remote_unavailable')
    await waitUntil('the refusal is told', async () =>
      gateway.stdout().includes('the address may not be called'),
    )
  })

  it('is told by the router, without its key', async () => {
    const info = await call(gateway.url, '/router/info', { key: masterKey })
    const statusOf = (name: string): string =>
      info.json().strategies.find((entry: { name: string }) => entry.name === name).status
    expect([statusOf('llmrouter-custom'), statusOf('llmrouter-r1'), statusOf('llmrouter-causallm')]).toEqual([
      'remote',
      'remote',
      'not_available',
    ])
    expect(info.text).not.toContain('sk-remote-secret')
  })
})
