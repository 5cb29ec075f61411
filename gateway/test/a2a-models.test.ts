import Anthropic from '@anthropic-ai/sdk'
import OpenAI, { APIError } from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { readSpendLogs } from './harness/read-spend-logs.ts'
import { type ScriptedAgent, startScriptedAgent } from './harness/scripted-agent.ts'
import { type Gateway, type IssuedKey, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

let gateway: Gateway
let oldAgent: ScriptedAgent
let currentAgent: ScriptedAgent
let plainAgent: ScriptedAgent
let alice: IssuedKey
let openai: OpenAI

beforeAll(async () => {
  oldAgent = await startScriptedAgent('0.3')
  currentAgent = await startScriptedAgent('1.0')
  plainAgent = await startScriptedAgent('1.0', { capabilities: { streaming: false } })
  const prices = { cost_per_query: 0.25, input_cost_per_token: 0.001, output_cost_per_token: 0.01 }
  gateway = await startGateway({
    config: {
      agent_list: [
        { agent_name: 'old', url: oldAgent.url, litellm_params: prices },
        { agent_name: 'current', url: currentAgent.url },
        { agent_name: 'plain', url: plainAgent.url },
        { agent_name: 'dead', url: 'http://127.0.0.1:9' },
        { agent_name: 'secret', url: currentAgent.url, team_id: 'others' },
      ],
      model_list: [
        { model_name: 'concierge', litellm_params: { model: 'a2a/current' } },
        { model_name: 'spare', litellm_params: { model: 'openai/x', mock_response: 'From the spare' } },
      ],
      router_settings: { fallbacks: [{ 'a2a/dead': ['spare'] }], model_group_alias: { helper: 'a2a/old' } },
    },
  })
  alice = await gateway.createKey({ user_id: 'alice' })
  openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: alice.key, maxRetries: 0 })
})
afterAll(async () => {
  await gateway?.stop()
  await Promise.all([oldAgent, currentAgent, plainAgent].map((agent) => agent?.close()))
})

const ask = (model: string, content: string, options: object = {}, request: OpenAI.RequestOptions = {}) =>
  openai.chat.completions.create({ model, messages: [{ role: 'user', content }], ...options }, request)

const streamed = async (model: string, content: string) => {
  const stream = await openai.chat.completions.create({
    model,
    messages: [{ role: 'user', content }],
    stream: true,
    stream_options: { include_usage: true },
  })
  let text = ''
  let finish: string | null = null
  let usage: OpenAI.CompletionUsage | null = null
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? ''
    finish = chunk.choices[0]?.finish_reason ?? finish
    usage = chunk.usage ?? usage
  }
  return { text, finish, usage }
}

describe.each(['old', 'current', 'plain', 'concierge'])('the agent %s as a model', (agent) => {
  const model = agent === 'concierge' ? agent : `a2a/${agent}`

  it('answers whole, with usage', async () => {
    const answer = await ask(model, 'do: work')
    expect(answer).toMatchObject({ object: 'chat.completion', model })
    expect(answer.choices).toMatchObject([
      { message: { role: 'assistant', content: 'Generated text content' }, finish_reason: 'stop' },
    ])
    expect(answer.usage?.total_tokens).toBeGreaterThan(0)
  })

  it('answers as a stream, with usage', async () => {
    const { text, finish, usage } = await streamed(model, 'do: work')
    expect([text, finish]).toEqual(['Generated text content', 'stop'])
    expect(usage?.total_tokens).toBeGreaterThan(0)
  })

  it('answers with a plain message, and with what it asks for', async () => {
    expect((await ask(model, 'do: message')).choices[0]?.message.content).toBe('Direct message response')
    expect((await ask(model, 'do: question')).choices[0]?.message.content).toBe('Which one?')
    expect((await streamed(model, 'do: question')).text).toBe('Which one?')
  })

  it('tells of a task that failed', async () => {
    await expect(ask(model, 'do: fail')).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining('There is no such flight.'),
    })
  })
})

it('sends what the user said last, and nothing of the credential', async () => {
  await openai.chat.completions.create({
    model: 'a2a/current',
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Earlier' },
      { role: 'assistant', content: 'Yes?' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'do: work' },
          { type: 'image_url', image_url: { url: 'https://example.org/x.png' } },
        ],
      },
    ],
  })
  const { body, headers } = currentAgent.requests.at(-1) ?? {}
  expect(body.params.message.parts).toEqual([{ text: 'do: work' }, { url: 'https://example.org/x.png' }])
  expect(JSON.stringify([body, headers])).not.toMatch(/Earlier|Be brief|Yes\?/)
  expect(JSON.stringify(headers)).not.toContain(alice.key)
})

it('gets no skills of the gateway', async () => {
  const headers = { 'x-routeiq-skills': 'auto' }
  const answer = await ask('a2a/old', 'do: work', {}, { headers })
  expect(answer.choices[0]?.message.content).toBe('Generated text content')
})

it('goes on with the conversation and the open task of a session', async () => {
  const session = (id: string) => ({ headers: { 'x-litellm-session-id': id } })
  await ask('a2a/old', 'do: question', {}, session('one'))
  const answer = await ask('a2a/old', 'do: work', {}, session('one'))
  expect(answer.choices[0]?.message.content).toBe('Generated text content')
  const messages = oldAgent.requests.slice(-2).map(({ body }) => body.params.message)
  expect(messages[0].contextId).toBeUndefined()
  expect(messages[1]).toMatchObject({ contextId: expect.any(String), taskId: expect.any(String) })
  await ask('a2a/old', 'do: work', {}, session('one'))
  const third = oldAgent.requests.at(-1)?.body.params.message
  expect([third.contextId, third.taskId]).toEqual([messages[1].contextId, undefined])
  await ask('a2a/old', 'do: work', {}, session('two'))
  expect(oldAgent.requests.at(-1)?.body.params.message.contextId).toBeUndefined()
  const bob = await gateway.createKey({ user_id: 'bob' })
  const asBob = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: bob.key, maxRetries: 0 })
  await asBob.chat.completions.create(
    { model: 'a2a/old', messages: [{ role: 'user', content: 'do: work' }] },
    session('one'),
  )
  expect(oldAgent.requests.at(-1)?.body.params.message.contextId).toBeUndefined()
})

it('waits for a task that goes on after the answer', async () => {
  const answer = ask('a2a/plain', 'do: long')
  await waitUntil('it is asked for the task', () => plainAgent.requests.at(-1)?.body.method === 'GetTask')
  plainAgent.finishLongTasks()
  expect((await answer).choices[0]?.finish_reason).toBe('stop')
})

it('ends the call of an agent when its client leaves, and not the task', async () => {
  const leaving = new AbortController()
  const stream = await openai.chat.completions.create(
    { model: 'a2a/current', messages: [{ role: 'user', content: 'do: long-leave' }], stream: true },
    { signal: leaving.signal },
  )
  const before = currentAgent.requests.length
  leaving.abort()
  for await (const _ of stream);
  const list = { jsonrpc: '2.0', id: 1, method: 'ListTasks', params: { status: 'TASK_STATE_WORKING' } }
  const tasks = await call(gateway.url, '/a2a/current', { key: alice.key, body: list })
  expect(tasks.json().result.totalSize).toBe(1)
  expect(currentAgent.requests.slice(before).map(({ body }) => body.method)).not.toContain('CancelTask')
  currentAgent.finishLongTasks()
})

it('answers clients of Messages and of Responses', async () => {
  const anthropic = new Anthropic({ baseURL: gateway.url, apiKey: alice.key, maxRetries: 0 })
  const message = await anthropic.messages.create({
    model: 'a2a/old',
    max_tokens: 100,
    messages: [{ role: 'user', content: 'do: work' }],
  })
  expect(message.content).toMatchObject([{ type: 'text', text: 'Generated text content' }])
  const events = await anthropic.messages
    .stream({ model: 'a2a/old', max_tokens: 100, messages: [{ role: 'user', content: 'do: work' }] })
    .finalMessage()
  expect(events.content).toMatchObject([{ type: 'text', text: 'Generated text content' }])
  const response = await openai.responses.create({ model: 'a2a/current', input: 'do: work' })
  expect(response.output_text).toBe('Generated text content')
})

describe('what cannot be', () => {
  it.each(['a2a/nobody', 'a2a/secret'])('%s is no model', async (model) => {
    const error = await ask(model, 'Hi').catch((thrown: APIError) => thrown)
    expect(error).toMatchObject({ status: 400, message: expect.stringContaining(`model=${model}`) })
  })

  it.each([
    [{ tools: [{ type: 'function', function: { name: 'f', parameters: {} } }] }, 'tools'],
    [{ n: 2 }, 'n'],
    [{ response_format: { type: 'json_object' } }, 'response_format'],
    [{ messages: [{ role: 'assistant', content: 'x' }] }, 'messages'],
  ])('%j is refused', async (options, param) => {
    await expect(ask('a2a/old', 'Hi', options)).rejects.toMatchObject({ status: 400, param })
  })

  it('a model of a list of models is not every agent', async () => {
    const narrow = await gateway.createKey({ models: ['spare', 'a2a/old'] })
    const complete = (model: string) =>
      call(gateway.url, '/chat/completions', {
        key: narrow.key,
        body: { model, messages: [{ role: 'user', content: 'do: work' }] },
      })
    expect((await complete('a2a/old')).status).toBe(200)
    expect((await complete('a2a/current')).json().error.type).toBe('key_model_access_denied')
  })

  it.each(['hang-up', 'broken', 'html', 'redirect', 'cut'])(
    '%s is an error of the provider',
    async (what) => {
      const error = await ask('a2a/current', `do: ${what}`, { stream: what === 'cut' })
        .then(
          async (stream) => {
            for await (const _ of stream as unknown as AsyncIterable<unknown>);
            return null
          },
          (thrown: APIError) => thrown,
        )
        .catch((thrown: APIError) => thrown)
      expect(error).toBeInstanceOf(APIError)
      expect(error?.message).not.toMatch(/127\.0\.0\.1|169\.254/)
      if (what !== 'cut') expect(error?.status).toBeGreaterThanOrEqual(500)
    },
  )
})

it('falls back to a model when the agent is down, and is not sent twice', async () => {
  expect((await ask('a2a/dead', 'Hi')).choices[0]?.message.content).toBe('From the spare')
  const before = currentAgent.requests.length
  await ask('a2a/current', 'do: html').catch(() => {})
  expect(currentAgent.requests.length).toBe(before + 1)
})

it('is listed among the models of those who may use it, and found by an alias', async () => {
  const { data } = await openai.models.list()
  const ids = data.map(({ id }) => id)
  expect(ids).toEqual(expect.arrayContaining(['a2a/old', 'a2a/current', 'helper', 'concierge']))
  expect(ids).not.toContain('a2a/secret')
  expect(await openai.models.retrieve('a2a/old')).toMatchObject({ id: 'a2a/old', owned_by: 'a2a' })
  expect((await ask('helper', 'do: work')).choices[0]?.message.content).toBe('Generated text content')
})

it('is charged what the agent costs, once, by the tokens it reports', async () => {
  const answer = await ask('a2a/old', 'do: counted', {}, { headers: { 'x-request-id': 'counted' } })
  expect(answer.usage).toMatchObject({ prompt_tokens: 100, completion_tokens: 10 })
  const direct = {
    jsonrpc: '2.0',
    id: 1,
    method: 'SendMessage',
    params: { message: { messageId: 'counted', role: 'ROLE_USER', parts: [{ text: 'x' }] } },
  }
  await call(gateway.url, '/a2a/old', { key: alice.key, headers: { 'x-request-id': 'direct' }, body: direct })
  gateway.kill('SIGTERM')
  await gateway.exited()
  const rows = (await readSpendLogs(gateway.dataDir)).filter(({ request_id }) =>
    ['counted', 'direct'].includes(String(request_id)),
  )
  const expected = { requested_model: 'a2a/old', cost_nano_usd: 450_000_000, key_hash: alice.token }
  expect(rows).toHaveLength(2)
  expect(rows).toEqual([expect.objectContaining(expected), expect.objectContaining(expected)])
})
