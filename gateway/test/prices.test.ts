import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { anthropicMessage } from './harness/anthropic-wire.ts'
import { call } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { chatChunks, chatCompletion, formatOpenaiStream } from './harness/openai-wire.ts'
import { readSpendLogs } from './harness/read-spend-logs.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, startGateway } from './harness/start-gateway.ts'
import { respond, respondStream } from './harness/steps.ts'
import { waitUntil } from './harness/wait-until.ts'

let upstream: ScriptedUpstream
let gateway: Gateway
let priceServer: http.Server
let priceMap: object | string = {}
let priceRequests: string[] = []

const perToken = (input: number, output: number) => ({
  litellm_provider: 'openai',
  mode: 'chat',
  input_cost_per_token: input,
  output_cost_per_token: output,
})
const config = (): object => ({
  model_list: [
    deployment('mapped', upstream.openaiBase, { model: 'openai/mapped' }),
    deployment('unknown', upstream.openaiBase, { model: 'openai/unknown-model' }),
    deployment('tiered', upstream.openaiBase, {
      input_cost_per_token: 10e-6,
      output_cost_per_token: 20e-6,
      input_cost_per_token_flex: 5e-6,
      output_cost_per_token_flex: 10e-6,
      cache_read_input_token_cost: 1e-6,
    }),
    deployment('claude', upstream.anthropicBase, {
      model: 'anthropic/claude-x',
      input_cost_per_token: 10e-6,
      output_cost_per_token: 20e-6,
      input_cost_per_token_priority: 30e-6,
      output_cost_per_token_batches: 5e-6,
    }),
    deployment('adjusted', upstream.openaiBase, {
      model: 'groq/adjusted',
      input_cost_per_token: 10e-6,
      output_cost_per_token: 20e-6,
    }),
  ],
  litellm_settings: {
    cost_discount_config: { groq: 0.1 },
    cost_margin_config: { groq: { percentage: 0.5, fixed_amount: 0.000001 } },
  },
})

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  priceServer = http.createServer((request, response) => {
    priceRequests.push(request.url ?? '')
    if (request.url === '/moved') response.writeHead(302, { location: '/prices.json' }).end()
    else if (request.url === '/metadata')
      response.writeHead(302, { location: 'http://169.254.169.254/' }).end()
    else response.end(typeof priceMap === 'string' ? priceMap : JSON.stringify(priceMap))
  })
  priceServer.listen(0, '127.0.0.1')
  await once(priceServer, 'listening')
  const { port } = priceServer.address() as AddressInfo
  priceMap = { mapped: perToken(1e-6, 2e-6), broken: { input_cost_per_token: 'dear' } }
  gateway = await startGateway({
    config: config(),
    env: { LITELLM_MODEL_COST_MAP_URL: `http://127.0.0.1:${port}/moved` },
  })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
  priceServer?.close()
})

beforeEach(() => {
  upstream.reset()
  priceRequests = []
})

const chat = (model: string, extra: object = {}) =>
  call(gateway.url, '/v1/chat/completions', { key: gateway.masterKey, body: { model, messages, ...extra } })
const costOf = async (model: string): Promise<string | undefined> =>
  (await chat(model)).headers['x-litellm-response-cost']

describe('a price map at a URL', () => {
  it('comes into force in the background, bad entries left out', async () => {
    await waitUntil('the prices are here', async () => (await costOf('mapped')) === '0.000025')
    await waitUntil('the log names the bad entry', () => gateway.stdout().includes('broken'))
  })

  it('is read again on reload, and a map that cannot be read changes nothing', async () => {
    priceMap = { mapped: perToken(2e-6, 2e-6) }
    await gateway.reload(config())
    await waitUntil('the new prices are here', async () => (await costOf('mapped')) === '0.000036')
    priceMap = '<html>'
    await gateway.reload(config())
    await waitUntil('it was read', () => gateway.stdout().includes('could not be read'))
    expect(await costOf('mapped')).toBe('0.000036')
  })
})

it('a price map is not fetched from a metadata service, directly or by a redirect', async () => {
  const { port } = priceServer.address() as AddressInfo
  for (const url of ['http://169.254.169.254/prices.json', `http://127.0.0.1:${port}/metadata`]) {
    const other = await startGateway({ config: {}, env: { LITELLM_MODEL_COST_MAP_URL: url } })
    try {
      await waitUntil('it was refused', () => other.stdout().includes('may not be called'))
    } finally {
      await other.stop()
    }
  }
})

it('a price map may be a file', async () => {
  const path = join(gateway.dataDir, 'prices.json')
  writeFileSync(path, JSON.stringify({ mapped: perToken(3e-6, 3e-6) }))
  const other = await startGateway({ config: config(), env: { LITELLM_MODEL_COST_MAP_URL: path } })
  try {
    const ask = () =>
      call(other.url, '/v1/chat/completions', { key: other.masterKey, body: { model: 'mapped', messages } })
    await waitUntil(
      'the prices are here',
      async () => (await ask()).headers['x-litellm-response-cost'] === '0.000054',
    )
  } finally {
    await other.stop()
  }
})

describe('the cost of an answer', () => {
  const usage = { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 }
  const answer = (more: object) => respond(200, { ...chatCompletion(), usage, ...more })

  it('is absent, not zero, when no price is known', async () => {
    expect(await costOf('unknown')).toBeUndefined()
  })

  it('follows the tier the answer reports, not the one asked for', async () => {
    upstream.script('tiered', answer({ service_tier: 'flex' }))
    expect((await chat('tiered', { service_tier: 'auto' })).headers['x-litellm-response-cost']).toBe(
      '0.00015',
    )
    upstream.script('tiered', answer({ service_tier: 'default' }))
    expect((await chat('tiered', { service_tier: 'flex' })).headers['x-litellm-response-cost']).toBe('0.0003')
  })

  it('follows the tier of a stream, in the log', async () => {
    const chunks = chatChunks({}, true).map((chunk) => ({ ...chunk, service_tier: 'flex' }))
    upstream.script('tiered', respondStream(formatOpenaiStream(chunks)))
    await chat('tiered', { stream: true })
    // 11 tokens in at 5 and 7 out at 10 micro-dollars.
    await waitUntil('the access line is written', () => gateway.stdout().includes('"cost_usd":0.000125'))
  })

  it.each([
    ['/v1/messages', 'standard', '0.00025'],
    ['/v1/messages', 'priority', '0.00047'],
    ['/v1/messages', 'batch', '0.000145'],
    ['/v1/chat/completions', 'priority', '0.00047'],
    ['/v1/responses', 'batch', '0.000145'],
  ])('follows the tier of Anthropic, by way of %s: %s', async (path, service_tier, cost) => {
    const message = anthropicMessage() as { usage: object }
    upstream.script('claude-x', respond(200, { ...message, usage: { ...message.usage, service_tier } }))
    const body = { model: 'claude', max_tokens: 9, messages, input: 'Hello' }
    const { headers } = await call(gateway.url, path, { key: gateway.masterKey, body })
    expect(headers['x-litellm-response-cost']).toBe(cost)
  })

  it('counts cached tokens once, at their price', async () => {
    upstream.script('tiered', answer({ usage: { ...usage, prompt_tokens_details: { cached_tokens: 8 } } }))
    expect(await costOf('tiered')).toBe('0.000228')
  })

  it('takes the discount first and the margin on what is left, and says so', async () => {
    upstream.script('adjusted', answer({}))
    const { headers } = await chat('adjusted')
    expect(headers).toMatchObject({
      'x-litellm-response-cost': '0.000406',
      'x-litellm-response-cost-original': '0.0003',
      'x-litellm-response-cost-discount-amount': '0.00003',
      'x-litellm-response-cost-margin-amount': '0.000136',
    })
  })
})

it('the ledger tells how a bill came about, and at which tier', async () => {
  const usage = { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 }
  const reply = respond(200, { ...chatCompletion(), usage, service_tier: 'flex' })
  upstream.script('adjusted', reply)
  upstream.script('tiered', reply)
  const identified = (id: string, model: string) =>
    call(gateway.url, '/v1/chat/completions', {
      key: gateway.masterKey,
      headers: { 'x-request-id': id },
      body: { model, messages },
    })
  await identified('with-margin', 'adjusted')
  await identified('at-list-price', 'tiered')
  gateway.kill('SIGTERM')
  await gateway.exited()
  const logs = await readSpendLogs(gateway.dataDir)
  const rowOf = (id: string) => logs.find((log) => log.request_id === id)
  expect(rowOf('with-margin')).toMatchObject({
    gross_nano_usd: 300_000,
    discount_nano_usd: 30_000,
    margin_nano_usd: 136_000,
    cost_nano_usd: 406_000,
    service_tier: 'flex',
  })
  expect(rowOf('at-list-price')).toMatchObject({
    gross_nano_usd: 150_000,
    discount_nano_usd: 0,
    margin_nano_usd: 0,
    cost_nano_usd: 150_000,
  })
})
