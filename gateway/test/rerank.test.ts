import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { deployment } from './harness/deployments.ts'
import { expectError } from './harness/expect-error.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, startGateway } from './harness/start-gateway.ts'
import { respond } from './harness/steps.ts'

let upstream: ScriptedUpstream
let gateway: Gateway

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  const { origin, openaiBase } = upstream
  const models = [
    deployment('cohere', origin, { model: 'cohere/rerank-v3.5' }),
    deployment('voyage', openaiBase, { model: 'voyage/rerank-2.5' }),
    deployment('jina', openaiBase, { model: 'jina_ai/jina-reranker-v2', input_cost_per_token: 2e-8 }),
    deployment('vllm', origin, { model: 'hosted_vllm/bge-reranker' }),
    deployment('backup', openaiBase, { model: 'jina_ai/backup' }),
  ]
  const router_settings = { num_retries: 0, disable_cooldowns: true, fallbacks: [{ jina: ['backup'] }] }
  gateway = await startGateway({ config: { model_list: models, router_settings } })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

beforeEach(() => upstream.reset())

const documents = ['Rome is in Italy.', 'Oslo is in Norway.']
const rerank = (model: string, extra: object = {}, path = '/v1/rerank') =>
  call(gateway.url, path, {
    key: gateway.masterKey,
    body: { model, query: 'Where is Oslo?', documents, ...extra },
  })
const sent = () => upstream.requests.at(-1)

it('speaks Cohere’s own API, puts the documents back and bills search units', async () => {
  const answer = await rerank('cohere', { top_n: 1, return_documents: true })
  expect(sent()?.path).toBe('/v2/rerank')
  expect(sent()?.json).toEqual({ model: 'rerank-v3.5', query: 'Where is Oslo?', documents, top_n: 1 })
  expect(answer.json()).toEqual({
    id: 'rerank-1',
    results: [{ index: 0, relevance_score: 1, document: { text: documents[0] } }],
    meta: { api_version: { version: '2' }, billed_units: { search_units: 1 } },
  })
  expect(answer.headers['x-litellm-response-cost']).toBe('0.002')
})

it('gives Cohere the text of documents that are objects', async () => {
  const objects = [{ text: 'plain' }, { title: 'Oslo', year: 1048, hidden: 'x' }]
  await rerank('cohere', { documents: objects })
  expect(sent()?.json['documents']).toEqual(['plain', 'title: Oslo\nyear: 1048\nhidden: x'])
  await rerank('cohere', { documents: objects, rank_fields: ['title'] })
  expect(sent()?.json['documents']).toEqual(['', 'title: Oslo'])
  expect(sent()?.json).not.toHaveProperty('rank_fields')
})

it('reads Voyage’s `data` as `results` and bills tokens', async () => {
  const answer = await rerank('voyage', { top_n: 2 })
  expect(sent()?.path).toBe('/v1/rerank')
  expect(sent()?.json).toMatchObject({ model: 'rerank-2.5', top_k: 2 })
  expect(sent()?.json).not.toHaveProperty('top_n')
  expect(answer.json()).toMatchObject({
    model: 'voyage',
    results: [
      { index: 0, relevance_score: 1 },
      { index: 1, relevance_score: 0.9 },
    ],
    meta: { billed_units: { search_units: 1 } },
    usage: { total_tokens: 26 },
  })
  expect(answer.json()).not.toHaveProperty('data')
  expect(Number(answer.headers['x-litellm-response-cost'])).toBeCloseTo(26 * 0.05e-6, 12)
})

it.each([
  ['jina', '/v1/rerank'],
  ['vllm', '/v1/rerank'],
])('passes %s through as it is', async (model, path) => {
  const answer = await rerank(model, { top_n: 2, return_documents: true })
  expect(sent()?.path).toBe(path)
  expect(sent()?.json).toMatchObject({ top_n: 2, return_documents: true, documents })
  expect(answer.json()['results']).toEqual([
    { index: 0, relevance_score: 1, document: { text: documents[0] } },
    { index: 1, relevance_score: 0.9, document: { text: documents[1] } },
  ])
})

it('answers on all three paths', async () => {
  for (const path of ['/rerank', '/v1/rerank', '/v2/rerank'])
    expect((await rerank('jina', {}, path)).status, path).toBe(200)
})

it('falls back like every other request', async () => {
  upstream.script('jina-reranker-v2', respond(500, {}))
  const answer = await rerank('jina')
  expect(answer.status).toBe(200)
  expect(answer.headers['x-litellm-attempted-fallbacks']).toBe('1')
  expect(answer.json()['model']).toBe('backup')
})

it('refuses what cannot be ranked, and tells a provider that answers something else', async () => {
  const invalid = { status: 400, type: 'invalid_request_error', code: '400' }
  expectError(await rerank('cohere', { documents: 'text' }), { ...invalid, param: 'documents' })
  expectError(await rerank('cohere', { query: null }), { ...invalid, param: 'query' })
  upstream.script('bge-reranker', respond(200, { scores: [1] }))
  expect((await rerank('vllm')).status).toBeGreaterThanOrEqual(500)
})
