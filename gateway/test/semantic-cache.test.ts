import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type Answer, call } from './harness/call-gateway.ts'
import { deployment } from './harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

type Body = Record<string, unknown>

let upstream: ScriptedUpstream
let gateway: Gateway
let key = ''

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await startGateway({
    config: {
      model_list: [
        deployment('gpt', upstream.openaiBase, { input_cost_per_token: 1e-6 }),
        deployment('claude', upstream.anthropicBase, { model: 'anthropic/claude' }),
      ],
    },
    env: { LLMROUTER_PLUGINS: 'litellm_llmrouter.gateway.plugins.cache_plugin.SemanticCachePlugin' },
  })
  key = (await gateway.createKey({ user_id: 'ann' })).key
})
beforeEach(() => upstream.reset())
afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

const chat = (content: unknown, rest: Body = {}): Body => ({
  model: 'gpt',
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content },
  ],
  ...rest,
})
const ask = (body: Body, asKey = key, path = '/v1/chat/completions'): Promise<Answer> =>
  call(gateway.url, path, { key: asKey, body })
const cacheOf = ({ headers }: Answer): string =>
  `${headers['x-routeiq-cache']} ${headers['x-routeiq-cache-tier'] ?? ''}`.trim()
/** Answers are kept just after they went out. */
async function teach(body: Body, path?: string): Promise<Answer> {
  const first = await ask(body, key, path)
  await waitUntil('it is kept', async () => cacheOf(await ask(body, key, path)).startsWith('HIT'))
  return first
}

it('a similar question gets the same answer without a provider, at no cost, and how similar it is', async () => {
  const first = await teach(chat('How do I reset my password?'))
  const asked = upstream.requests.length
  const second = await ask(chat('how can I reset my password, please'))
  expect([second.status, cacheOf(second)]).toEqual([200, 'HIT semantic'])
  expect(second.text).toBe(first.text)
  const similarity = Number(second.headers['x-litellm-semantic-similarity'])
  expect(similarity).toBeGreaterThanOrEqual(0.95)
  expect(similarity).toBeLessThanOrEqual(1)
  expect(second.headers['x-litellm-response-cost']).toBe('0')
  expect(upstream.requests).toHaveLength(asked)
  const streamed = await ask(chat('How can I reset my password?', { stream: true }))
  expect(cacheOf(streamed)).toBe('HIT semantic')
  expect(streamed.text).toContain('data: [DONE]')
  const exact = await ask(chat('How do I reset my password?'))
  expect(exact.headers['x-litellm-semantic-similarity']).toBeUndefined()
  const stats = (await call(gateway.url, '/admin/cache/stats', { key: masterKey })).json()
  expect(stats.hits.semantic).toBe(2)
  const metrics = (await call(gateway.url, '/metrics', { key: masterKey })).text
  expect(metrics).toContain('gateway_semantic_cache_lookup_total{result="hit"} 2')
  expect(metrics).toMatch(/gateway_semantic_cache_lookup_total\{result="miss"\} \d+/)
})

it('another question, other circumstances or somebody else get an answer of their own', async () => {
  await teach(chat('How do I cancel order 1234 of my account?'))
  const similar = 'How can I cancel order 1234 of my account?'
  expect(
    cacheOf(await ask(chat('How can I cancel order 1235 of my account?', { cache: { 'no-store': true } }))),
  ).toBe('MISS')
  expect(cacheOf(await ask(chat(similar, { seed: 3, cache: { 'no-store': true } })))).toBe('MISS')
  const other = chat(similar, { cache: { 'no-store': true } })
  ;(other['messages'] as Body[])[0] = { role: 'system', content: 'Be kind.' }
  expect(cacheOf(await ask(other))).toBe('MISS')
  const bob = (await gateway.createKey({ user_id: 'bob' })).key
  expect(cacheOf(await ask(chat(similar, { cache: { 'no-store': true } }), bob))).toBe('MISS')
  expect(cacheOf(await ask(chat(similar, { cache: { namespace: 'n', 'no-store': true } })))).toBe('MISS')
  expect(cacheOf(await ask(chat(similar)))).toBe('HIT semantic')
})

it('requests with pictures or results of tools are like no other', async () => {
  const image = { type: 'image_url', image_url: { url: 'https://x.test/a.png' } }
  const withImage = (text: string): Body => chat([{ type: 'text', text }, image])
  await teach(withImage('What do you see in this picture?'))
  expect(cacheOf(await ask(withImage('What do you see in the picture?')))).toBe('MISS')
  const withTool = (text: string): Body =>
    chat('', {
      messages: [
        { role: 'user', content: 'Look it up.' },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 'c', content: 'x' },
        { role: 'user', content: text },
      ],
    })
  await teach(withTool('How do I read this result?'))
  expect(cacheOf(await ask(withTool('How can I read this result?')))).toBe('MISS')
})

it('Messages and their parts of text are compared, too, and what was flushed is found no more', async () => {
  const message = (text: string): Body => ({
    ...{ model: 'claude', max_tokens: 50 },
    messages: [{ role: 'user', content: [{ type: 'text', text }] }],
  })
  await teach(message('Can you explain how photosynthesis works in plants?'), '/v1/messages')
  const similar = message('Please explain how photosynthesis works in plants.')
  expect(cacheOf(await ask(similar, key, '/v1/messages'))).toBe('HIT semantic')
  await call(gateway.url, '/admin/cache/flush', { key: masterKey, method: 'POST' })
  expect(cacheOf(await ask({ ...similar, cache: { 'no-store': true } }, key, '/v1/messages'))).toBe('MISS')
})
