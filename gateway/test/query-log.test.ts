import { afterAll, beforeAll, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { deployment } from './harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey as key, startGateway } from './harness/start-gateway.ts'
import { startTraceCollector, type TraceCollector } from './harness/trace-collector.ts'
import { waitUntil } from './harness/wait-until.ts'

const secret = 'sk-upstream-of-the-query-log'
let upstream: ScriptedUpstream
let collector: TraceCollector
const gateways: Gateway[] = []

beforeAll(async () => {
  ;[upstream, collector] = await Promise.all([startScriptedUpstream(), startTraceCollector()])
})
afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.stop()))
  await upstream?.close()
  collector?.close()
})

async function start(env: Record<string, string>): Promise<Gateway> {
  const api_key = secret
  const gateway = await startGateway({
    config: {
      model_list: [
        deployment('gpt', upstream.openaiBase, { api_key }),
        deployment('claude', upstream.anthropicBase, { model: 'anthropic/claude', api_key }),
      ],
      routeiq: { routing: { routers: { either: { models: ['gpt', 'claude'] } } } },
    },
    env: { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.endpoint}/`, OTEL_TRACES_SAMPLER: 'always_on' },
  })
  gateways.push(gateway)
  return gateway
}

/** Asks in one dialect, and what the line of its decision says then. */
async function decisionOf(gateway: Gateway, id: string, path: string, body: object) {
  const headers = { 'x-request-id': id }
  expect((await call(gateway.url, path, { key, headers, body: { max_tokens: 8, ...body } })).status).toBe(200)
  return waitUntil(`the decision of ${id} is logged`, () => {
    const line = gateway
      .stdout()
      .split('\n')
      .find((text) => text.includes('"routing_decision"') && text.includes(`"request_id":"${id}"`))
    return line === undefined ? null : (JSON.parse(line) as Record<string, unknown>)
  })
}

it('LOG_QUERIES tells what the user asked in every dialect, without secrets and cut where it is long', async () => {
  const gateway = await start({ LOG_QUERIES: 'true' })
  const asked = `Why is my key ${secret} refused?`
  const messages = [
    { role: 'system', content: 'You are a clerk.' },
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: 'Yes?' },
    { role: 'user', content: asked },
  ]
  for (const model of ['gpt', 'either']) {
    const line = await decisionOf(gateway, `openai-${model}`, '/v1/chat/completions', { model, messages })
    expect(line['query']).toMatch(/^Why is my key .* refused\?$/)
    expect(line['query']).not.toContain(secret)
  }
  const anthropic = { model: 'claude', messages: [{ role: 'user', content: 'Grüße,\n"Zitat"' }] }
  expect((await decisionOf(gateway, 'anthropic', '/v1/messages', anthropic))['query']).toBe('Grüße,\n"Zitat"')
  const long = { model: 'gpt', input: 'word '.repeat(10_000) }
  expect((await decisionOf(gateway, 'responses', '/v1/responses', long))['query']).toHaveLength(4_096)
  const prompts = await waitUntil('spans have come', () => {
    const found = collector.spans.flatMap(({ name, attributes }) =>
      name === 'routing.decision' ? [attributes['gen_ai.prompt']] : [],
    )
    return found.length === 4 ? found : null
  })
  expect(prompts).toContain('Grüße,\n"Zitat"')
  expect(JSON.stringify(collector.spans) + gateway.stdout()).not.toContain(secret)
})

it('without it nothing of a prompt is told', async () => {
  collector.spans.length = 0
  const gateway = await start({})
  const messages = [{ role: 'user', content: 'Only the model may read this.' }]
  const line = await decisionOf(gateway, 'private', '/v1/chat/completions', { model: 'either', messages })
  expect(Object.keys(line)).not.toContain('query')
  await waitUntil('its spans have come', () =>
    collector.spans.some(({ name }) => name === 'routing.decision'),
  )
  expect(JSON.stringify(collector.spans) + gateway.stdout()).not.toContain('may read this')
})
