import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { openaiError } from './harness/openai-wire.ts'
import { dataOf } from './harness/read-stream.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { answerTruly, respond } from './harness/steps.ts'

let upstream: ScriptedUpstream
let gateway: Gateway

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  const prices = { input_cost_per_token: 0.001, output_cost_per_token: 0.002 }
  gateway = await startGateway({
    config: {
      model_list: [
        deployment('gpt', upstream.openaiBase, prices, { tier: 'simple' }),
        deployment('claude', upstream.anthropicBase, { model: 'anthropic/claude', ...prices }),
        deployment('unpriced', upstream.openaiBase),
      ],
    },
  })
})
afterEach(() => upstream.reset())
afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

const chat = (
  model: string,
  { key = masterKey, ...extra }: Record<string, unknown> & { key?: string } = {},
) => call(gateway.url, '/v1/chat/completions', { key, body: { model, messages, num_retries: 0, ...extra } })

describe('an answer', () => {
  it('names the tier of the deployment that gave it', async () => {
    expect((await chat('gpt')).headers['x-routeiq-tier']).toBe('simple')
    expect((await chat('claude')).headers).not.toHaveProperty('x-routeiq-tier')
  })

  it('names the limits stored with its key', async () => {
    const { key } = await gateway.createKey({ max_budget: 12.5, tpm_limit: 1000, rpm_limit: 60 })
    const limits = {
      'x-litellm-key-max-budget': '12.5',
      'x-litellm-key-tpm-limit': '1000',
      'x-litellm-key-rpm-limit': '60',
    }
    expect((await chat('gpt', { key })).headers).toMatchObject(limits)
    expect((await chat('gpt', { key, stream: true })).headers).toMatchObject(limits)
    expect((await chat('nobody', { key })).headers).toMatchObject(limits)
    const others = [(await chat('gpt')).headers, (await chat('gpt', await gateway.createKey())).headers]
    for (const headers of others) for (const name in limits) expect(headers).not.toHaveProperty(name)
  })

  it('tells Anthropic’s clients the limits of any provider in their words', async () => {
    const limits = {
      'x-ratelimit-limit-requests': '60',
      'x-ratelimit-remaining-tokens': '149984',
      'x-ratelimit-reset-requests': '1s',
    }
    upstream.script('gpt', (step) => {
      for (const [name, value] of Object.entries(limits)) step.response.setHeader(name, value)
      return answerTruly()(step)
    })
    const body = { model: 'gpt', max_tokens: 9, messages }
    const { headers } = await call(gateway.url, '/v1/messages', { key: masterKey, body })
    expect(headers).toMatchObject({
      ...limits,
      'anthropic-ratelimit-requests-limit': '60',
      'anthropic-ratelimit-tokens-remaining': '149984',
      'anthropic-ratelimit-requests-reset': expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    })
    expect((await chat('gpt')).headers).not.toHaveProperty('anthropic-ratelimit-requests-limit')
  })

  it('repeats what the provider said beside an error', async () => {
    const said = { 'x-ratelimit-remaining-requests': '0', 'openai-processing-ms': '3', 'set-cookie': 'a=b' }
    upstream.script('gpt', respond(429, openaiError('Slow down.'), said))
    const answer = await chat('gpt')
    expect(answer.status).toBe(429)
    expect(answer.headers).toMatchObject({
      'x-ratelimit-remaining-requests': '0',
      'llm_provider-openai-processing-ms': '3',
    })
    expect(JSON.stringify(answer.headers)).not.toContain('a=b')
  })
})

describe('x-routeiq-include-cost', () => {
  // 11 tokens in at 0.001 and 7 out at 0.002 USD.
  const cost = 0.025
  const ask = async (path: string, body: object, headers = { 'x-routeiq-include-cost': 'true' }) => {
    const answer = await call(gateway.url, path, { key: masterKey, headers, body: { ...body, stream: true } })
    expect(answer.status).toBe(200)
    return dataOf(answer.text.replace(/^event: .*\n/gm, '')) as {
      type?: string
      usage?: { cost?: number }
      response?: { usage?: { cost?: number } }
    }[]
  }
  const costsIn = (events: Awaited<ReturnType<typeof ask>>) =>
    events.flatMap(({ usage, response }) => usage?.cost ?? response?.usage?.cost ?? [])

  it.each(['gpt', 'claude'])(
    'tells what a stream of %s costs in its last usage, in every dialect',
    async (model) => {
      const options = { stream_options: { include_usage: true } }
      const chunks = await ask('/v1/chat/completions', { model, messages, ...options })
      expect(costsIn(chunks)).toEqual([cost])
      expect(chunks.at(-2)?.usage?.cost).toBe(cost)
      const events = await ask('/v1/messages', { model, max_tokens: 9, messages })
      expect(events.filter(({ usage }) => usage?.cost === cost).map(({ type }) => type)).toEqual([
        'message_delta',
      ])
      const response = await ask('/v1/responses', { model, input: 'Hello' })
      expect(costsIn(response)).toEqual([cost])
      expect(response.at(-1)?.type).toBe('response.completed')
    },
  )

  it('changes nothing when it is not asked for, or when no price is known', async () => {
    const body = { messages, stream_options: { include_usage: true } }
    const plain = await ask('/v1/chat/completions', { model: 'gpt', ...body }, {} as never)
    const unknown = await ask('/v1/chat/completions', { model: 'unpriced', ...body })
    expect([...costsIn(plain), ...costsIn(unknown)]).toEqual([])
    expect(unknown.at(-2)).toMatchObject({ usage: { total_tokens: 18 } })
  })
})
