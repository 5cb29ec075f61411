import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Answer, type CallOptions, call } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { answerTruly, respond, respondStream } from './harness/steps.ts'
import { waitUntil } from './harness/wait-until.ts'

const redis = process.env['ROUTEIQ_TEST_REDIS_URL'] ?? ''
const inputCost = { input_cost_per_token: 1e-6, output_cost_per_token: 2e-6 }

let upstream: ScriptedUpstream
let gateway: Gateway
let key = ''

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await startGateway({
    config: {
      model_list: [
        deployment('gpt', upstream.openaiBase, inputCost),
        deployment('embed', upstream.openaiBase),
        deployment('rank', upstream.openaiBase, { model: 'jina_ai/jina-reranker-v2' }),
        {
          model_name: 'claude',
          litellm_params: { model: 'anthropic/claude', api_base: upstream.anthropicBase, api_key: 'sk-a' },
        },
      ],
      litellm_settings: { cache: true },
    },
  })
  key = (await gateway.createKey({ user_id: 'ann' })).key
})
beforeEach(() => upstream.reset())
afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

let question = 0
/** A question nobody has asked yet. */
const newQuestion = (): object => ({
  model: 'gpt',
  messages: [{ role: 'user', content: `question ${++question}` }],
})
const ask = (body: object, options: CallOptions = {}): Promise<Answer> =>
  call(gateway.url, '/v1/chat/completions', { key, body, ...options })
const cacheOf = ({ headers }: Answer): string | undefined => headers['x-routeiq-cache']
/** Answers are kept just after they went out. */
async function askUntilHit(body: object, options: CallOptions = {}): Promise<Answer> {
  return waitUntil('it is kept', async () => {
    const answer = await ask(body, options)
    return cacheOf(answer) === 'HIT' ? answer : null
  })
}

describe('a request that was answered before', () => {
  it('gets the same answer without a provider, at no cost, and says so', async () => {
    const body = newQuestion()
    const first = await ask(body)
    expect([first.status, cacheOf(first)]).toEqual([200, 'MISS'])
    expect(Number(first.headers['x-litellm-response-cost'])).toBeGreaterThan(0)
    const asked = upstream.requests.length
    const second = await askUntilHit({ ...body, user: 'somebody', metadata: { a: 1 } })
    expect(second.text).toBe(first.text)
    expect(upstream.requests.length - asked).toBeLessThanOrEqual(1)
    expect(second.headers).toMatchObject({
      'x-routeiq-cache-tier': 'l1',
      'x-routeiq-cache-age': expect.stringMatching(/^\d+$/),
      'x-litellm-cache-key': first.headers['x-litellm-cache-key'],
      'x-litellm-response-cost': '0',
      'x-routeiq-model': 'gpt',
    })
  })

  it('has a row in the ledger that costs nothing', async () => {
    const body = newQuestion()
    await ask(body)
    const hit = await askUntilHit(body)
    const id = hit.headers['x-request-id']
    const row = await waitUntil('the row is there', async () => {
      const rows = await call(gateway.url, `/spend/logs?request_id=${id}`, { key: masterKey })
      return rows.json()[0]
    })
    expect(row).toMatchObject({ cache_hit: 'True', spend: 0, status: 'success' })
  })

  it.each(['temperature', 'seed', 'a_member_nobody_knows'])(
    'is another one with another %s',
    async (name) => {
      const body = newQuestion()
      await ask(body)
      await askUntilHit(body)
      expect(cacheOf(await ask({ ...body, [name]: 0.5 }))).toBe('MISS')
    },
  )

  it('is the same with its members in another order', async () => {
    const body = { ...newQuestion(), temperature: 0.2, seed: 7 }
    await ask(body)
    await askUntilHit(body)
    expect(cacheOf(await ask(Object.fromEntries(Object.entries(body).reverse())))).toBe('HIT')
  })

  it('of somebody else is another one; of another key of the same user the same', async () => {
    const body = newQuestion()
    await ask(body)
    await askUntilHit(body)
    const other = (await gateway.createKey({ user_id: 'bob' })).key
    const same = (await gateway.createKey({ user_id: 'ann' })).key
    const keyless = (await gateway.createKey()).key
    expect(cacheOf(await ask(body, { key: other }))).toBe('MISS')
    expect(cacheOf(await ask(body, { key: keyless }))).toBe('MISS')
    expect(cacheOf(await ask(body, { key: same }))).toBe('HIT')
  })

  it('of a key that may not use the model is refused as ever', async () => {
    const body = newQuestion()
    await ask(body)
    await askUntilHit(body)
    const narrow = (await gateway.createKey({ user_id: 'ann', models: ['claude'] })).key
    expect((await ask(body, { key: narrow })).status).toBe(403)
  })

  it('counts against the rate limit', async () => {
    const limited = (await gateway.createKey({ user_id: 'ann', rpm_limit: 2 })).key
    const body = newQuestion()
    await ask(body)
    await askUntilHit(body)
    const statuses = [await ask(body, { key: limited }), await ask(body, { key: limited })].map(cacheOf)
    expect(statuses).toEqual(['HIT', 'HIT'])
    expect((await ask(body, { key: limited })).status).toBe(429)
  })
})

describe('streams', () => {
  it('are replayed event by event, tool calls and usage included', async () => {
    const tool = { type: 'function', function: { name: 'f', parameters: {} } }
    const body = { ...newQuestion(), tools: [tool], stream: true, stream_options: { include_usage: true } }
    const toolCalls = [{ id: 'call_1', name: 'f', arguments: '{"a":1}' }]
    upstream.script('gpt', answerTruly({ toolCalls }))
    const first = await ask(body)
    const second = await askUntilHit(body)
    expect(second.text).toBe(first.text)
    expect(second.headers['content-type']).toContain('text/event-stream')
    expect(second.text).toContain('[DONE]')
  })

  it('are given whole to who wants them whole, and the reverse, with the official SDK', async () => {
    const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: key, maxRetries: 0 })
    const body = newQuestion() as OpenAI.ChatCompletionCreateParamsNonStreaming
    const streamed = await ask({ ...body, stream: true })
    expect(streamed.status).toBe(200)
    await askUntilHit({ ...body, stream: true })
    const asked = upstream.requests.length
    const whole = await client.chat.completions.create(body)
    let text = ''
    const again = await client.chat.completions.create({
      ...body,
      ...{ stream: true, stream_options: { include_usage: true } },
    })
    let usage: OpenAI.CompletionUsage | null = null
    for await (const chunk of again) {
      text += chunk.choices[0]?.delta.content ?? ''
      usage = chunk.usage ?? usage
    }
    expect(upstream.requests).toHaveLength(asked)
    expect(whole.choices[0]?.message.content).toBe(text)
    expect(text.length).toBeGreaterThan(3)
    expect(whole.choices[0]?.finish_reason).toBe('stop')
    expect(usage).toMatchObject({ total_tokens: whole.usage?.total_tokens })
  })

  it('of Messages too', async () => {
    const client = new Anthropic({ baseURL: gateway.url, apiKey: key, maxRetries: 0 })
    const body = { model: 'claude', max_tokens: 99, messages: [{ role: 'user' as const, content: 'once' }] }
    const first = await client.messages.create(body)
    await waitUntil('it is kept', async () => {
      const { response } = await client.messages.create(body).withResponse()
      return response.headers.get('x-routeiq-cache') === 'HIT'
    })
    const asked = upstream.requests.length
    const second = await client.messages.stream(body).finalMessage()
    expect(upstream.requests).toHaveLength(asked)
    expect(second.content).toEqual(first.content)
    expect(second.usage.output_tokens).toBe(first.usage.output_tokens)
  })
})

it('rerankings are kept, at any of their paths', async () => {
  const documents = ['Rome is in Italy.', 'Oslo is in Norway.']
  const rerank = (path: string, query: string): Promise<Answer> =>
    call(gateway.url, path, { key, body: { model: 'rank', query, documents } })
  const first = await rerank('/v1/rerank', 'Where is Oslo?')
  expect([first.status, cacheOf(first)]).toEqual([200, 'MISS'])
  const second = await waitUntil('it is kept', async () => {
    const answer = await rerank('/rerank', 'Where is Oslo?')
    return cacheOf(answer) === 'HIT' ? answer : null
  })
  expect([second.text, second.headers['x-litellm-response-cost']]).toEqual([first.text, '0'])
  expect(cacheOf(await rerank('/v1/rerank', 'Where is Rome?'))).toBe('MISS')
})

it('embeddings are kept', async () => {
  const body = { model: 'embed', input: ['a', 'b'] }
  const embed = (): Promise<Answer> => call(gateway.url, '/v1/embeddings', { key, body })
  const first = await embed()
  const again = await waitUntil('it is kept', async () => {
    const answer = await embed()
    return cacheOf(answer) === 'HIT' ? answer : null
  })
  expect(again.text).toBe(first.text)
})

describe('not kept', () => {
  const isNeverKept = async (body: object): Promise<void> => {
    for (const _ of [1, 2, 3]) expect(cacheOf(await ask(body))).toBe('MISS')
  }

  it('are failures', async () => {
    upstream.script('gpt', respond(400, { error: { message: 'no' } }), answerTruly())
    const body = newQuestion()
    expect((await ask(body)).status).toBe(400)
    expect(cacheOf(await ask(body))).toBe('MISS')
  })

  it('are answers that were cut off by their length', async () => {
    upstream.script('gpt', answerTruly({ finishReason: 'length' }))
    await isNeverKept(newQuestion())
  })

  it('are streams that broke off', async () => {
    const chunk = {
      id: 'c',
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta: { content: 'x' } }],
    }
    upstream.script('gpt', respondStream(`data: ${JSON.stringify(chunk)}\n\n`))
    await isNeverKept({ ...newQuestion(), stream: true })
  })

  it('are mocks', async () => {
    expect(cacheOf(await ask({ ...newQuestion(), mock_response: 'x' }))).toBe('BYPASS')
  })
})

describe('what a request says of it', () => {
  it('no-cache asks anew and keeps the newer answer; no-store keeps nothing', async () => {
    const body = newQuestion()
    upstream.script('gpt', answerTruly({ content: 'old' }), answerTruly({ content: 'new' }))
    await ask(body)
    await askUntilHit(body)
    expect(cacheOf(await ask({ ...body, cache: { 'no-cache': true } }))).toBe('BYPASS')
    await waitUntil('the new one is kept', async () => (await ask(body)).text.includes('new'))
    const unkept = newQuestion()
    for (const _ of [1, 2]) {
      const options = { headers: { 'x-routeiq-cache-control': 'no-store' } }
      expect(cacheOf(await ask(unkept, options))).toBe('MISS')
    }
  })

  it('namespaces are apart, ttl and s-maxage are kept', async () => {
    const body = newQuestion()
    await ask(body)
    await askUntilHit(body)
    expect(cacheOf(await ask({ ...body, cache: { namespace: 'other' } }))).toBe('MISS')
    expect(cacheOf(await ask({ ...body, cache: { 's-maxage': 600 } }))).toBe('HIT')
    await waitUntil(
      'it is too old',
      async () => cacheOf(await ask({ ...body, cache: { 's-maxage': 0, 'no-store': true } })) === 'MISS',
    )
    const short = { ...newQuestion(), cache: { ttl: 0 } }
    for (const _ of [1, 2]) expect(cacheOf(await ask(short))).toBe('MISS')
  })

  it('is refused where it is wrong or not allowed, and never sent on', async () => {
    const wrong = await ask({ ...newQuestion(), cache: { ttl: 'long' } })
    expect([wrong.status, wrong.json().error.param]).toEqual([400, 'cache.ttl'])
    expect((await ask({ ...newQuestion(), cache: 'yes' })).status).toBe(400)
    const held = (await gateway.createKey({ user_id: 'ann', allowed_cache_controls: ['no-store'] })).key
    expect((await ask({ ...newQuestion(), cache: { 'no-cache': true } }, { key: held })).status).toBe(403)
    expect((await ask({ ...newQuestion(), cache: { 'no-store': true } }, { key: held })).status).toBe(200)
    expect(upstream.requests.every(({ body }) => !body.includes('"cache"'))).toBe(true)
  })
})

describe('operators', () => {
  const admin = (path: string, body?: object): Promise<Answer> =>
    call(gateway.url, path, { key: masterKey, ...(body && { body, method: 'POST' }) })

  it('see, delete and flush what is kept; users do not', async () => {
    const body = newQuestion()
    await ask(body)
    const cacheKey = (await askUntilHit(body)).headers['x-litellm-cache-key']
    const stats = (await admin('/admin/cache/stats')).json()
    expect(stats).toMatchObject({ enabled: true, errors: 0 })
    expect(stats.hits.l1).toBeGreaterThan(0)
    expect((await admin('/admin/cache/entries?limit=1')).json().entries[0].key).toBe(cacheKey)
    await admin('/cache/delete', { keys: [cacheKey] })
    expect(cacheOf(await ask(body))).toBe('MISS')
    await askUntilHit(body)
    const flushed = await call(gateway.url, '/admin/cache/flush', { key: masterKey, method: 'POST' })
    expect(flushed.json()).toMatchObject({ status: 'flushed', entries_removed: expect.any(Number) })
    expect((await admin('/admin/cache/stats')).json()).toMatchObject({ entries: 0, bytes: 0 })
    expect((await call(gateway.url, '/admin/cache/stats', { key })).status).toBe(403)
    expect((await admin('/cache/ping')).json().status).toBe('healthy')
    expect((await call(gateway.url, '/cache/redis/info', { key })).status).toBe(403)
  })
})

describe.skipIf(redis === '')('replicas', () => {
  it('share answers through Redis', async () => {
    const config = {
      model_list: [deployment('gpt', upstream.openaiBase)],
      litellm_settings: { cache: true, cache_params: { type: 'redis', url: redis, scope: 'global' } },
    }
    const replicas = await Promise.all([startGateway({ config }), startGateway({ config })])
    const [first, second] = replicas as [Gateway, Gateway]
    const body = { model: 'gpt', messages, seed: Date.now() }
    const askReplica = ({ url }: Gateway): Promise<Answer> =>
      call(url, '/v1/chat/completions', { key: masterKey, body })
    const given = await askReplica(first)
    const described = await call(first.url, '/cache/redis/info', { key: masterKey })
    expect(described.json()).toMatchObject({
      num_clients: expect.any(Number),
      clients: expect.arrayContaining([expect.objectContaining({ id: expect.any(Number) })]),
      info: { redis_version: expect.any(String), uptime_in_seconds: expect.any(Number) },
    })
    const shared = await waitUntil('the other has it', async () => {
      const answer = await askReplica(second)
      return answer.headers['x-routeiq-cache'] === 'HIT' ? answer : null
    })
    // It may have asked once itself before the answer was shared.
    expect(shared.json().choices).toEqual(given.json().choices)
    await Promise.all(replicas.map((replica) => replica.stop()))
  })
})

it('is off until it is asked for', async () => {
  const plain = await startGateway({ config: { model_list: [deployment('gpt', upstream.openaiBase)] } })
  for (const _ of [1, 2]) {
    const answer = await call(plain.url, '/v1/chat/completions', {
      key: masterKey,
      body: { model: 'gpt', messages },
    })
    expect(cacheOf(answer)).toBeUndefined()
  }
  await plain.stop()
})
