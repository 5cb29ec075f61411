import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  type ExchangeServer,
  rawRequest,
  startExchangeServer,
  until,
} from '../http/testing/exchange-server.ts'
import { openaiChatProtocol } from '../protocols/openai-chat/openai-chat.ts'
import { handleRequest } from './handle-request.ts'
import { benchKey, type GatewayBench, openGatewayBench } from './testing/gateway-bench.ts'

const config = `
model_list:
  - { model_name: gpt, litellm_params: { model: openai/gpt-4o, api_key: sk-up, api_base: "http://up.test/v1" } }
  - { model_name: claude, litellm_params: { model: anthropic/claude-x, api_key: sk-up } }
  - { model_name: demo, litellm_params: { model: openai/demo, api_key: sk-up, mock_response: "Hi there" } }
router_settings: { num_retries: 1 }
`
let bench: GatewayBench
let server: ExchangeServer
let running: Promise<void> = Promise.resolve()

beforeAll(async () => {
  server = await startExchangeServer((exchange) => {
    running = handleRequest(bench.gateway, {
      exchange,
      operation: 'chat',
      protocol: openaiChatProtocol,
      pathModel: null,
      pathStream: null,
      history: null,
    })
    running.catch(() => {
      if (!exchange.response.headersSent) exchange.response.destroy()
    })
  })
})
afterAll(() => server.close())
beforeEach(() => {
  bench = openGatewayBench(config)
})

const auth = `authorization: Bearer ${benchKey}`

function post(body: object, headers: string[] = [auth]): string {
  return rawRequest(
    'POST',
    '/',
    headers,
    JSON.stringify({ messages: [{ role: 'user', content: 'Hi' }], ...body }),
  )
}

async function send(body: object, headers?: string[]) {
  const answer = server.send(post(body, headers))
  return async () => {
    const [head = '', text = ''] = (await answer).split('\r\n\r\n')
    await running.catch(() => {})
    return { status: Number(head.slice(9, 12)), head, text }
  }
}

async function upstreamCall(index = 0) {
  await until(() => bench.transport.calls.length > index)
  return bench.transport.calls[index] as (typeof bench.transport.calls)[number]
}

function expectReleased(): void {
  expect([...bench.active.values()].every(({ value }) => value === 0)).toBe(true)
  expect(bench.gateway.openStreams.size).toBe(0)
  const states = [...bench.gateway.runtime().routing.byDeploymentId.values()].map(
    ({ state }) => state.inFlight,
  )
  expect(states).toEqual(states.map(() => 0))
}

const reply = JSON.stringify({
  id: 'x',
  object: 'chat.completion',
  model: 'gpt-4o-2024',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 11, completion_tokens: 7 },
})
const event = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'x', model: 'gpt-4o-2024', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`

describe('every request is settled once and holds nothing afterwards', () => {
  it('answered', async () => {
    const answer = await send({ model: 'gpt', user: 'end-user' })
    const call = await upstreamCall()
    expect([call.request.origin, call.request.path]).toEqual(['http://up.test', '/v1/chat/completions'])
    expect(bench.active.get('gpt')?.value).toBe(1)
    call.answer(200, reply)
    expect(await answer()).toMatchObject({ status: 200, text: reply.replace('gpt-4o-2024', 'gpt') })
    expect(bench.records).toMatchObject([{ status: 200, attempts: 1, group: 'gpt', errorCode: null }])
    expect(bench.rows).toMatchObject([{ endUser: 'end-user', modelGroup: 'gpt', usage: { inputTokens: 11 } }])
    expectReleased()
  })

  it('streamed', async () => {
    const answer = await send({ model: 'gpt', stream: true })
    const call = await upstreamCall()
    call.stream(event({ content: 'a' }), event({}, 'stop'))
    call.data('data: [DONE]\n\n')
    call.end()
    const { status, text } = await answer()
    expect([status, text.includes('"model":"gpt"')]).toEqual([200, true])
    expect(bench.records).toMatchObject([{ status: 200, stream: true, usageEstimated: true }])
    expectReleased()
  })

  it.each([
    ['without a key', { model: 'gpt' }, [], 401, 'invalid_api_key', 0],
    ['for a model nobody knows', { model: 'nothing' }, [auth], 400, 'invalid_model', 0],
    ['that is malformed', { model: 'gpt', messages: 'x' }, [auth], 400, 'invalid_request', 0],
    ['the wire cannot carry', { model: 'claude', n: 5 }, [auth], 400, 'unsupported_parameter', 1],
  ])('%s', async (_, body, headers, status, code, rows) => {
    const answer = await send(body, headers)
    expect((await answer()).status).toBe(status)
    expect(bench.records).toMatchObject([{ status, errorCode: code }])
    expect(bench.rows).toHaveLength(rows)
    expectReleased()
  })

  it('that fails upstream, after the attempts it was given', async () => {
    const answer = await send({ model: 'gpt', num_retries: 1, timeout: 5 })
    ;(await upstreamCall(0)).answer(500, '{"error":{"message":"No luck"}}')
    ;(await upstreamCall(1)).answer(400, '{"error":{"message":"Bad wish"}}')
    const { status, text } = await answer()
    expect([status, JSON.parse(text).error.message]).toEqual([
      400,
      'litellm.BadRequestError: OpenAIException - Bad wish',
    ])
    expect(bench.records).toMatchObject([{ attempts: 2, failedAttempts: [{ status: 500 }, { status: 400 }] }])
    expectReleased()
  })

  it('that breaks in the middle of its stream', async () => {
    const answer = await send({ model: 'gpt', stream: true })
    const call = await upstreamCall()
    call.stream(event({ content: 'a' }))
    call.fail(new Error('x'))
    const { text } = await answer()
    expect(text).toContain('"content":"a"')
    expect(text).toContain('data: {"error":{"message":"litellm.APIConnectionError')
    expect(text).not.toContain('[DONE]')
    expect(bench.records).toMatchObject([{ status: 200, errorCode: 'upstream_connection_error' }])
    expectReleased()
  })

  it.each([false, true])('whose client leaves before the answer (stream: %s)', async (stream) => {
    const client = await server.connect(post({ model: 'gpt', stream }))
    const call = await upstreamCall()
    client.destroy()
    await until(() => bench.records.length === 1)
    await running
    expect(call.cancels).toBeGreaterThan(0)
    expect(bench.records).toMatchObject([{ status: 499, clientDisconnected: true }])
    expectReleased()
  })

  it('whose client leaves in the middle of the stream, with what it received', async () => {
    const client = await server.connect(post({ model: 'gpt', stream: true }))
    client.resume()
    const call = await upstreamCall()
    call.stream(event({ content: 'a' }).repeat(5))
    await until(() => bench.gateway.openStreams.size === 1)
    await new Promise((resolve) => setImmediate(resolve))
    client.destroy()
    await until(() => bench.records.length === 1)
    await running
    expect(call.cancels).toBe(1)
    expect(bench.records).toMatchObject([
      { status: 200, clientDisconnected: true, usage: { outputTokens: 5 } },
    ])
    expectReleased()
  })

  it('whose client leaves while it is waited to try again', async () => {
    const client = await server.connect(post({ model: 'gpt' }))
    ;(await upstreamCall()).answer(429, '{"error":{"message":"slow"}}', { 'retry-after': '30' })
    await new Promise((resolve) => setImmediate(resolve))
    client.destroy()
    await until(() => bench.records.length === 1)
    await running
    expect(bench.transport.calls).toHaveLength(1)
    expectReleased()
  })

  it('whose record cannot be kept', async () => {
    bench = openGatewayBench(config, {
      recordRequest: () => {
        throw new Error('full')
      },
    })
    const answer = await send({ model: 'gpt' })
    ;(await upstreamCall()).answer(200, reply)
    expect((await answer()).status).toBe(200)
    await expect(running).rejects.toThrow('full')
    expectReleased()
  })
})

describe('after a ping', () => {
  const pinging = `${config}\nlitellm_settings: { sse_keepalive_ping_interval_seconds: 0.01 }`

  async function pinged(body: object) {
    bench = openGatewayBench(pinging)
    const answer = await send({ ...body, stream: true, num_retries: 0 })
    const call = await upstreamCall()
    await new Promise((resolve) => setTimeout(resolve, 50))
    return { answer, call }
  }

  it('a failure is the last event', async () => {
    const { answer, call } = await pinged({ model: 'gpt' })
    call.answer(401, '{"error":{"message":"No"}}')
    const { status, text } = await answer()
    expect([status, text.includes(': ping')]).toEqual([200, true])
    expect(text).toContain('data: {"error":{"message":"litellm.AuthenticationError')
    expectReleased()
  })

  it.each(['gpt', 'claude'])('a whole answer of %s comes as events, and the stream ends', async (model) => {
    const { answer, call } = await pinged({ model })
    const whole =
      model === 'gpt'
        ? reply
        : JSON.stringify({
            id: 'msg_1',
            type: 'message',
            role: 'assistant',
            model: 'claude-x',
            content: [{ type: 'text', text: 'Hello' }],
            stop_reason: 'end_turn',
            usage: { input_tokens: 11, output_tokens: 7 },
          })
    call.answer(200, whole)
    const { status, text } = await answer()
    expect([status, text.includes('"content":"Hello"'), text.includes('data: [DONE]')]).toEqual([
      200,
      true,
      true,
    ])
    expect(bench.rows).toMatchObject([{ usage: { inputTokens: 11, outputTokens: 7 } }])
    expectReleased()
  })
})

describe('a mock answer', () => {
  it.each([false, true])('comes without a provider (stream: %s)', async (stream) => {
    const answer = await send({ model: 'demo', stream })
    const { status, text } = await answer()
    expect(status).toBe(200)
    expect(text).toContain(stream ? '"content":" there"' : '"content":"Hi there"')
    expect(text).toContain('"model":"demo"')
    expect(bench.transport.calls).toHaveLength(0)
    expectReleased()
  })
})

describe('a request to a large group', () => {
  it.each([1, 500])('reads few of its %i deployments', async (size) => {
    const entry = {
      model_name: 'big',
      litellm_params: { model: 'openai/x', api_key: 'sk-up', mock_response: 'Hi' },
    }
    bench = openGatewayBench(JSON.stringify({ model_list: Array.from({ length: size }, () => entry) }))
    const group = bench.gateway.runtime().routing.groups.get('big')
    let reads = 0
    const deployments = new Proxy(group?.deployments ?? [], {
      get(target, member, receiver) {
        if (typeof member === 'string' && /^\d+$/.test(member)) reads += 1
        return Reflect.get(target, member, receiver)
      },
    })
    Object.assign(group ?? {}, { deployments, levels: [deployments] })
    // The first request derives what is kept of a group.
    await (await send({ model: 'big' }))()
    reads = 0
    expect((await (await send({ model: 'big' }))()).status).toBe(200)
    expect(reads).toBeGreaterThan(0)
    expect(reads).toBeLessThan(10)
  })
})
