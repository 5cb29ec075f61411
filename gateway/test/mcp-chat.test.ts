import OpenAI from 'openai'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { call, openRequest } from './harness/call-gateway.ts'
import { deployment } from './harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, type IssuedKey, startGateway } from './harness/start-gateway.ts'
import { answerTruly, hang } from './harness/steps.ts'
import { waitUntil } from './harness/wait-until.ts'
import { startToolServer, type ToolServer } from './mcp-servers/start-server.ts'

let upstream: ScriptedUpstream
let tools: ToolServer
let gateway: Gateway
let key: IssuedKey

beforeAll(async () => {
  ;[upstream, tools] = await Promise.all([startScriptedUpstream(), startToolServer('modern')])
  gateway = await startGateway({
    config: {
      model_list: [deployment('gpt', upstream.openaiBase, { model: 'openai/gpt-4.1' })],
      mcp_servers: {
        here: { url: tools.url, transport: 'http', access_groups: ['open'] },
        secret: { url: tools.url, transport: 'http', access_groups: ['closed'] },
      },
      router_settings: { num_retries: 0 },
      litellm_settings: { sse_keepalive_ping_interval_seconds: 0.1 },
    },
  })
  key = await gateway.createKey({ object_permission: { mcp_access_groups: ['open'] } })
  await waitUntil('the server has answered', async () => {
    const answer = await call(gateway.url, '/v1/llmrouter/mcp/server/here/health', { key: gateway.masterKey })
    return answer.json().status === 'healthy'
  })
})
afterEach(() => upstream.reset())
afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
  tools?.stop()
})

const wanting = (name: string, args: object, id = 'call_1') =>
  answerTruly({ toolCalls: [{ id, name, arguments: JSON.stringify(args) }] })
const named = (extra: object = {}) => ({
  ...{ type: 'mcp', server_label: 'here', server_url: 'litellm_proxy/mcp/here', require_approval: 'never' },
  ...extra,
})
const ask = (entries: readonly object[], extra: object = {}) =>
  call(gateway.url, '/v1/chat/completions', {
    key: key.key,
    body: { model: 'gpt', messages: [{ role: 'user', content: 'Say hi.' }], tools: entries, ...extra },
  })
const bodyOf = (at: number) => JSON.parse(upstream.requests[at]?.body ?? '{}')

describe('tools of servers in a chat completion', () => {
  it('are offered as functions, called by the gateway, and answered for', async () => {
    upstream.script(
      'gpt-4.1',
      wanting('echo', { text: 'hi from the tool' }),
      answerTruly({ content: 'Done.' }),
    )
    const answer = (await ask([named()])).json()
    expect(answer.choices[0]).toMatchObject({ message: { content: 'Done.' }, finish_reason: 'stop' })
    const names = bodyOf(0).tools.map((one: { type: string; function: { name: string } }) => [
      one.type,
      one.function.name,
    ])
    expect(names).toContainEqual(['function', 'echo'])
    expect(bodyOf(1).messages.slice(1)).toMatchObject([
      { role: 'assistant', tool_calls: [{ id: 'call_1' }] },
      { role: 'tool', tool_call_id: 'call_1', content: 'hi from the tool' },
    ])
    const [one] = upstream.requests
    expect(answer.usage.total_tokens % 2).toBe(0)
    expect(one?.body).not.toContain('litellm_proxy')
  })

  it('stream the final answer with the usage of all turns', async () => {
    upstream.script('gpt-4.1', wanting('here-echo', { text: 'x' }), answerTruly({ content: 'Streamed.' }))
    const client = new OpenAI({ apiKey: key.key, baseURL: `${gateway.url}/v1` })
    const stream = await client.chat.completions.create({
      model: 'gpt',
      messages: [{ role: 'user', content: 'Say hi.' }],
      tools: [named({ server_url: 'routeiq' })] as never,
      stream: true,
      stream_options: { include_usage: true },
    })
    let text = ''
    let total = 0
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? ''
      total = chunk.usage?.total_tokens ?? total
    }
    expect(text).toBe('Streamed.')
    expect(total).toBeGreaterThan(0)
    expect(upstream.requests).toHaveLength(2)
  })

  it.each([
    ['absent', undefined],
    ['always', 'always'],
    ['an object', { always: { tool_names: ['echo'] } }],
  ])('wait for the caller when approval is %s', async (_, require_approval) => {
    upstream.script('gpt-4.1', wanting('echo', { text: 'x' }))
    const answer = (await ask([named({ require_approval })])).json()
    expect(answer.choices[0].message.tool_calls).toMatchObject([{ function: { name: 'echo' } }])
    expect(upstream.requests).toHaveLength(1)
  })

  it('stop where the caller has to call a function of its own', async () => {
    const own = { type: 'function', function: { name: 'mine', parameters: { type: 'object' } } }
    const calls = [
      { id: 'a', name: 'echo', arguments: '{"text":"x"}' },
      { id: 'b', name: 'mine', arguments: '{}' },
    ]
    upstream.script('gpt-4.1', answerTruly({ toolCalls: calls }))
    const answer = (await ask([named(), own])).json()
    expect(answer.choices[0].message.tool_calls).toMatchObject([{ id: 'b', function: { name: 'mine' } }])
  })

  it('tell the model what went wrong', async () => {
    upstream.script(
      'gpt-4.1',
      wanting('echo', { text: 7 }),
      wanting('test_error_handling', {}, 'call_2'),
      wanting('test_elicitation', {}, 'call_3'),
      answerTruly({ content: 'I see.' }),
    )
    await ask([named()])
    const said = bodyOf(3).messages.filter((one: { role: string }) => one.role === 'tool')
    expect(said.map((one: { content: string }) => one.content)).toEqual([
      expect.stringContaining('Error: the arguments do not fit'),
      expect.stringContaining('Error: This tool intentionally returns an error'),
      expect.stringContaining('Error:'),
    ])
  })

  it('end after ten turns', async () => {
    upstream.script('gpt-4.1', wanting('echo', { text: 'again' }))
    const answer = await ask([named()])
    expect([answer.status, answer.json().error.message]).toEqual([400, expect.stringContaining('10 turns')])
    expect(upstream.requests).toHaveLength(10)
  })

  it('are those the key may use, and the entry allows', async () => {
    upstream.script('gpt-4.1', answerTruly({ content: 'ok' }))
    await ask([named({ server_url: 'litellm_proxy', allowed_tools: ['echo', 'count'] })])
    const names = bodyOf(0).tools.map((one: { function: { name: string } }) => one.function.name)
    expect(names).toEqual(['here-count', 'here-echo'])
    const hidden = await ask([named({ server_url: 'litellm_proxy/mcp/secret' })])
    expect([hidden.status, hidden.json().error.code]).toEqual([404, 'server_not_found'])
  })

  it.each([
    [{ server_url: 'https://elsewhere.example.com/mcp' }, 'tools[0].server_url'],
    [{ server_url: 7 }, 'tools[0]'],
    [{ require_approval: 'sometimes' }, 'tools[0]'],
  ])('refuse %j', async (extra, param) => {
    const answer = await ask([named(extra)])
    expect([answer.status, answer.json().error.param]).toEqual([400, param])
    expect(upstream.requests).toHaveLength(0)
  })

  it('are found by the address of a registered server', async () => {
    upstream.script('gpt-4.1', wanting('echo', { text: 'x' }), answerTruly({ content: 'ok' }))
    expect((await ask([named({ server_url: tools.url })])).status).toBe(200)
    expect(upstream.requests).toHaveLength(2)
  })

  it('pass on what the model refuses', async () => {
    upstream.script('gpt-4.1', ({ response }) => {
      response
        .writeHead(400, { 'content-type': 'application/json' })
        .end('{"error":{"message":"no","type":"x"}}')
    })
    expect((await ask([named()])).status).toBe(400)
  })
})

describe('the whole request', () => {
  it('has the headers of every answer, with what all turns cost, and one name in the ledger', async () => {
    upstream.script('gpt-4.1', wanting('echo', { text: 'x' }), answerTruly({ content: 'Done.' }))
    const { headers } = await ask([named()])
    expect(headers).toMatchObject({
      'x-litellm-model-id': expect.any(String),
      'x-litellm-version': expect.any(String),
      'x-litellm-call-id': headers['x-request-id'],
    })
    await waitUntil('the turns are in the ledger', async () => {
      const session = String(headers['x-request-id'])
      const rows = await call(gateway.url, '/spend/logs?limit=100', { key: gateway.masterKey })
      const own = rows.json().filter((row: { session_id?: string }) => row.session_id === session)
      return own.length === 3
    })
  })

  it.each([true, false])('ends when its time is over, whatever a tool does (stream: %s)', async (stream) => {
    upstream.script('gpt-4.1', wanting('hang', {}))
    const answer = await ask([named()], { timeout: 1.5, stream })
    expect(answer.text).toContain('not done after 1.5 s')
    // A sign of life has promised a stream.
    expect(answer.status).toBe(stream ? 200 : 408)
    if (stream) expect(answer.text).toContain(': ping')
    expect(upstream.requests).toHaveLength(1)
  })

  it('ends when its client leaves, while the model answers', async () => {
    upstream.script('gpt-4.1', hang())
    const body = { model: 'gpt', messages: [{ role: 'user', content: 'Say hi.' }], tools: [named()] }
    const request = openRequest(gateway.url, '/v1/chat/completions', { key: key.key, body })
    request.on('error', () => {})
    await waitUntil('the model is asked', () => upstream.pendingRequests === 1)
    request.destroy()
    await waitUntil('it is asked no more', () => upstream.pendingRequests === 0)
  })
})
