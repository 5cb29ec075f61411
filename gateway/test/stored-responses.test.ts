import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import OpenAI from 'openai'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { deployment } from './harness/deployments.ts'
import { responseObject } from './harness/responses-wire.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { answerTruly, respond } from './harness/steps.ts'
import { schemaErrors } from './schemas/openai-schemas.ts'

let upstream: ScriptedUpstream
let gateway: Gateway
let ada: OpenAI
let adaKey: string
let eveKey: string

const clientOf = (apiKey: string) => new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey, maxRetries: 0 })

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await startGateway({
    workers: 2,
    env: { LITELLM_SALT_KEY: 'sk-salt-of-the-tests-0123456789' },
    config: {
      model_list: [
        deployment('gpt', upstream.openaiBase, {}, { id: 'gpt-account' }),
        deployment('gpt-elsewhere', upstream.openaiBase, { api_key: 'sk-other-account' }),
        deployment('llama', upstream.openaiBase, { model: 'groq/llama' }),
        deployment('wild/*', upstream.openaiBase, { model: 'openai/*' }),
        deployment('claude', upstream.anthropicBase, { model: 'anthropic/claude-sonnet-4-5' }),
      ],
      router_settings: { num_retries: 0, disable_cooldowns: true },
    },
  })
  adaKey = (await gateway.createKey({ user_id: 'ada' })).key
  eveKey = (await gateway.createKey({ user_id: 'eve' })).key
  ada = clientOf(adaKey)
})
afterEach(() => upstream.reset())
afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

const notFound = { status: 404, code: 'previous_response_not_found' }

describe('a response of a model without Responses', () => {
  it('is found by its id, on every worker, by its user alone', async () => {
    const {
      output_text: _,
      _request_id: __,
      ...created
    } = await ada.responses.create({
      model: 'llama',
      input: 'Hello',
    })
    for (let time = 0; time < 4; time += 1) {
      const answer = await call(gateway.url, `/v1/responses/${created.id}`, { key: adaKey })
      expect(answer.json()).toEqual(created)
    }
    const otherKeyOfAda = (await gateway.createKey({ user_id: 'ada' })).key
    expect((await clientOf(otherKeyOfAda).responses.retrieve(created.id)).id).toBe(created.id)
    for (const key of [eveKey, masterKey]) {
      await expect(clientOf(key).responses.retrieve(created.id)).rejects.toMatchObject(notFound)
      const continued = clientOf(key).responses.create({
        model: 'llama',
        input: 'Go on.',
        previous_response_id: created.id,
      })
      await expect(continued).rejects.toMatchObject(notFound)
      await expect(clientOf(key).responses.delete(created.id)).rejects.toMatchObject(notFound)
    }
    const unknown = ada.responses.create({ model: 'llama', input: 'x', previous_response_id: 'resp_unknown' })
    await expect(unknown).rejects.toMatchObject({ ...notFound, param: 'previous_response_id' })
  })

  it('is there as soon as its last event has come', async () => {
    let previous: string | undefined
    for (const word of ['one', 'two', 'three', 'four']) {
      const stream = await ada.responses.create({
        model: 'claude',
        input: `Word ${word}.`,
        stream: true,
        ...(previous === undefined ? {} : { previous_response_id: previous }),
      })
      for await (const event of stream) if (event.type === 'response.completed') previous = event.response.id
    }
    const sent = JSON.stringify(upstream.requests.at(-1)?.json['messages'])
    for (const word of ['one', 'two', 'three', 'four']) expect(sent).toContain(`Word ${word}.`)
    expect(sent.match(/Hello from the upstream\./g)).toHaveLength(3)
  })

  it('brings its tool calls and the thinking that its provider signed', async () => {
    upstream.script(
      'claude-sonnet-4-5',
      respond(200, {
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        model: 'claude-sonnet-4-5',
        content: [
          { type: 'thinking', thinking: 'A city.', signature: 'c2lnbmVk' },
          { type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: { city: 'Paris' } },
        ],
        stop_reason: 'tool_use',
        stop_sequence: null,
        usage: { input_tokens: 5, output_tokens: 5 },
      }),
      answerTruly(),
    )
    const tools = [
      {
        type: 'function' as const,
        name: 'get_weather',
        parameters: { type: 'object', properties: {} },
        strict: false,
      },
    ]
    const first = await ada.responses.create({ model: 'claude', input: 'Weather?', tools })
    expect(JSON.stringify(first.output)).not.toContain('encrypted_content')
    await ada.responses.create({
      model: 'claude',
      tools,
      previous_response_id: first.id,
      input: [{ type: 'function_call_output', call_id: 'toolu_1', output: 'Sunny.' }],
    })
    expect(upstream.requests[1]?.json['messages']).toMatchObject([
      { role: 'user' },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'A city.', signature: 'c2lnbmVk' },
          { type: 'tool_use', id: 'toolu_1' },
        ],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1' }] },
    ])
  })

  it('puts its own items where a client only refers to them', async () => {
    const first = await ada.responses.create({ model: 'claude', input: 'Hello' })
    const reference = { type: 'item_reference' as const, id: first.output[0]?.id ?? '' }
    const input = [
      { role: 'user' as const, content: 'Hello' },
      reference,
      { role: 'user' as const, content: 'And?' },
    ]
    await ada.responses.create({ model: 'claude', input })
    expect(JSON.stringify(upstream.requests[1]?.json['messages'])).toContain('Hello from the upstream.')
    await expect(clientOf(eveKey).responses.create({ model: 'claude', input })).rejects.toMatchObject({
      status: 400,
    })
  })

  it('lists the input it answered', async () => {
    const { id } = await ada.responses.create({
      model: 'llama',
      input: [
        { role: 'user', content: 'One' },
        { role: 'assistant', content: 'Two' },
        { role: 'user', content: [{ type: 'input_text', text: 'Three' }] },
      ],
    })
    const page = (query: string) =>
      call(gateway.url, `/v1/responses/${id}/input_items?${query}`, { key: adaKey })
    const all = (await page('order=asc')).json()
    expect(schemaErrors('ResponseItemList', all)).toEqual([])
    const texts = (list: { data: { content: { text: string }[] }[] }) =>
      list.data.map((item) => item.content[0]?.text)
    expect(texts(all)).toEqual(['One', 'Two', 'Three'])
    const first = (await page('limit=2')).json()
    expect([texts(first), first.has_more]).toEqual([['Three', 'Two'], true])
    const rest = (await page(`limit=2&after=${first.last_id}`)).json()
    expect([texts(rest), rest.has_more]).toEqual([['One'], false])
    for (const query of ['limit=0', 'limit=x', 'order=up']) expect((await page(query)).status).toBe(400)
    expect((await page('after=msg_none')).status).toBe(404)
  })

  it('is gone once it is deleted, and cannot be cancelled', async () => {
    const { id } = await ada.responses.create({ model: 'llama', input: 'Hello' })
    await expect(ada.responses.cancel(id)).rejects.toMatchObject({ status: 400 })
    const deleted = await call(gateway.url, `/v1/responses/${id}`, { key: adaKey, method: 'DELETE' })
    expect(deleted.json()).toEqual({ id, object: 'response', deleted: true })
    await expect(ada.responses.retrieve(id)).rejects.toMatchObject(notFound)
    const second = ada.responses.create({ model: 'llama', input: 'x', previous_response_id: id })
    await expect(second).rejects.toMatchObject(notFound)
  })

  it('is not kept when the client says so', async () => {
    const { id, store } = (await ada.responses.create({ model: 'llama', input: 'Hello', store: false })) as {
      id: string
      store?: boolean
    }
    expect(store).toBe(false)
    await expect(ada.responses.retrieve(id)).rejects.toMatchObject(notFound)
  })

  it('survives a restart, and is not readable on the disk', async () => {
    const { id } = await ada.responses.create({ model: 'llama', input: 'The word is xylophonist.' })
    await gateway.restart()
    expect((await ada.responses.retrieve(id)).output_text).toBe('Hello from the upstream.')
    const files = readdirSync(gateway.dataDir, { recursive: true, withFileTypes: true })
    const contents = files
      .filter((file) => file.isFile())
      .map((file) => readFileSync(join(file.parentPath, file.name)))
    expect(contents.some((content) => content.includes(id))).toBe(true)
    expect(contents.filter((content) => content.includes('xylophonist'))).toEqual([])
  })
})

describe('a response that OpenAI keeps', () => {
  it('gets an id that leads back to its account, for its user alone', async () => {
    const { id } = await ada.responses.create({ model: 'gpt', input: 'Hello' })
    upstream.script('', respond(200, responseObject({}, { previous_response_id: 'resp_before' })))
    const found = await ada.responses.retrieve(id)
    expect(found.id).toBe(id)
    expect(found.previous_response_id).toMatch(/^resp_/)
    expect(found.previous_response_id).not.toBe('resp_before')
    expect(upstream.requests.at(-1)).toMatchObject({ method: 'GET', path: '/v1/responses/resp_upstream' })
    expect(upstream.requests.at(-1)?.headers['authorization']).toBe('Bearer sk-upstream')
    await expect(clientOf(eveKey).responses.retrieve(id)).rejects.toMatchObject(notFound)
    expect(upstream.requests).toHaveLength(2)
  })

  it('is continued, listed, cancelled and deleted there', async () => {
    const { id } = await ada.responses.create({ model: 'gpt', input: 'Hello' })
    await ada.responses.create({ model: 'gpt', input: 'And?', previous_response_id: id })
    expect(upstream.requests.at(-1)?.json).toEqual({
      model: 'gpt',
      input: 'And?',
      previous_response_id: 'resp_upstream',
    })
    upstream.script(
      '',
      respond(200, { object: 'list', data: [], has_more: false, first_id: '', last_id: '' }),
    )
    await ada.responses.inputItems.list(id, { limit: 5 })
    expect(upstream.requests.at(-1)?.path).toBe('/v1/responses/resp_upstream/input_items?limit=5')
    upstream.script('', respond(200, responseObject({}, { status: 'cancelled' })))
    expect((await ada.responses.cancel(id)).status).toBe('cancelled')
    expect(upstream.requests.at(-1)).toMatchObject({
      method: 'POST',
      path: '/v1/responses/resp_upstream/cancel',
    })
    upstream.script('', respond(200, { id: 'resp_upstream', object: 'response', deleted: true }))
    const deleted = await call(gateway.url, `/v1/responses/${id}`, { key: adaKey, method: 'DELETE' })
    expect(deleted.json()).toEqual({ id, object: 'response', deleted: true })
    upstream.script('', respond(404, { error: { message: 'Gone.', type: 'invalid_request_error' } }))
    await expect(ada.responses.retrieve(id)).rejects.toMatchObject({ status: 404 })
  })

  it('is not continued by a model of another account, or by one without Responses', async () => {
    const { id } = await ada.responses.create({ model: 'gpt', input: 'Hello' })
    for (const model of ['gpt-elsewhere', 'claude']) {
      const continued = ada.responses.create({ model, input: 'And?', previous_response_id: id })
      await expect(continued).rejects.toMatchObject(notFound)
    }
    expect(upstream.requests).toHaveLength(1)
  })

  it('is continued by a model of a wildcard group of the same account', async () => {
    const { id } = await ada.responses.create({ model: 'wild/gpt-4.1', input: 'Hello' })
    const next = await ada.responses.create({
      model: 'wild/gpt-4.1',
      input: 'And?',
      previous_response_id: id,
    })
    expect(next.previous_response_id).toBe(id)
    expect(upstream.requests.at(-1)?.json).toMatchObject({
      previous_response_id: 'resp_upstream',
      model: 'gpt-4.1',
    })
  })

  it('may continue a response that the gateway keeps', async () => {
    const first = await ada.responses.create({ model: 'llama', input: 'My name is Ada.' })
    const second = await ada.responses.create({
      model: 'gpt',
      input: 'Name?',
      previous_response_id: first.id,
    })
    expect(second.previous_response_id).toBe(first.id)
    const { input, previous_response_id } = upstream.requests.at(-1)?.json ?? {}
    expect(previous_response_id).toBeUndefined()
    expect(input).toMatchObject([
      { role: 'user', content: 'My name is Ada.' },
      { type: 'message', role: 'assistant' },
      { role: 'user', content: 'Name?' },
    ])
  })
})

it.each([
  '/responses',
  '/v1/responses',
  '/openai/v1/responses',
  '/openai/responses?api-version=2025-04-01-preview',
])('answers on %s', async (path) => {
  const answer = await call(gateway.url, path, { key: adaKey, body: { model: 'llama', input: 'Hello' } })
  expect(answer.status).toBe(200)
  expect(schemaErrors('Response', answer.json())).toEqual([])
  const found = path.replace('responses', `responses/${answer.json().id}`)
  expect((await call(gateway.url, found, { key: adaKey })).json()).toEqual(answer.json())
})
