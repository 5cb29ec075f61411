import OpenAI from 'openai'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { deployment } from './harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, type IssuedKey, startGateway } from './harness/start-gateway.ts'
import { answerTruly } from './harness/steps.ts'
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
      model_list: [
        deployment('gpt', upstream.openaiBase, { model: 'openai/gpt-4.1' }),
        deployment('llama', upstream.openaiBase, { model: 'groq/llama' }),
        deployment('claude', upstream.anthropicBase, { model: 'anthropic/claude-sonnet-4-5' }),
      ],
      mcp_servers: { here: { url: tools.url, transport: 'http' } },
      router_settings: { num_retries: 0 },
      routeiq: { mcp: { confirm_tools: ['cou*'] } },
    },
  })
  key = await gateway.createKey()
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

const models = [
  { model: 'gpt', upstreamModel: 'gpt-4.1' },
  { model: 'llama', upstreamModel: 'llama' },
  { model: 'claude', upstreamModel: 'claude-sonnet-4-5' },
]
const wanting = (name: string, args: object, id = 'call_1') =>
  answerTruly({ toolCalls: [{ id, name, arguments: JSON.stringify(args) }] })
const named = (extra: object = {}) => ({
  ...{ type: 'mcp', server_label: 'here', server_url: 'litellm_proxy/mcp/here', require_approval: 'never' },
  ...{ allowed_tools: ['echo', 'count', 'test_error_handling'], ...extra },
})
const own = { type: 'function', name: 'mine', parameters: { type: 'object', properties: {} }, strict: false }
const ask = (model: string, entries: readonly object[], extra: object = {}) =>
  call(gateway.url, '/v1/responses', {
    key: key.key,
    body: { model, input: 'Say hi.', tools: entries, ...extra },
  })
const typesOf = (response: { output: { type: string }[] }) => response.output.map(({ type }) => type)
const eventsOf = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('data: '))
    .map((line) => JSON.parse(line.slice('data: '.length)))

describe.each(models)('tools of servers in Responses of $model', ({ model, upstreamModel }) => {
  it('are called by the gateway, and told of in items', async () => {
    upstream.script(
      upstreamModel,
      wanting('echo', { text: 'hi from the tool' }),
      answerTruly({ content: 'Done.' }),
    )
    const response = (await ask(model, [named()])).json()
    expect(typesOf(response)).toEqual(['mcp_list_tools', 'mcp_call', 'message'])
    const [list, made, message] = response.output
    expect(list.tools.map(({ name }: { name: string }) => name)).toEqual([
      'count',
      'echo',
      'test_error_handling',
    ])
    expect(made).toMatchObject({
      ...{ name: 'echo', server_label: 'here', arguments: '{"text":"hi from the tool"}' },
      ...{ output: 'hi from the tool', error: null, status: 'completed' },
    })
    expect(message.content[0].text).toBe('Done.')
    expect(response).toMatchObject({ status: 'completed', tools: [{ type: 'mcp', server_label: 'here' }] })
    expect(upstream.requests).toHaveLength(2)
    expect(upstream.requests[1]?.body).toContain('hi from the tool')
    expect(upstream.requests[0]?.body).not.toContain('litellm_proxy')
  })

  it('stream every item as it comes', async () => {
    upstream.script(upstreamModel, wanting('echo', { text: 'x' }), answerTruly({ content: 'Streamed.' }))
    const answer = await ask(model, [named()], { stream: true })
    const events = eventsOf(answer.text)
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, index) => index))
    expect(events.map(({ type }) => type).filter((type) => type.includes('mcp_'))).toEqual([
      ...['response.mcp_list_tools.in_progress', 'response.mcp_list_tools.completed'],
      ...['response.mcp_call.in_progress', 'response.mcp_call_arguments.delta'],
      ...['response.mcp_call_arguments.done', 'response.mcp_call.completed'],
    ])
    const last = events.at(-1)
    expect(last.type).toBe('response.completed')
    expect(typesOf(last.response)).toEqual(['mcp_list_tools', 'mcp_call', 'message'])
    const client = new OpenAI({ apiKey: key.key, baseURL: `${gateway.url}/v1` })
    upstream.reset()
    upstream.script(upstreamModel, wanting('echo', { text: 'x' }), answerTruly({ content: 'Streamed.' }))
    const stream = client.responses.stream({ model, input: 'Hi', tools: [named() as never] })
    expect((await stream.finalResponse()).output_text).toBe('Streamed.')
  })

  it('wait for the caller, and go on when it agrees', async () => {
    upstream.script(upstreamModel, wanting('echo', { text: 'may I?' }), answerTruly({ content: 'Thanks.' }))
    const asked = (await ask(model, [named({ require_approval: 'always' })])).json()
    expect(typesOf(asked)).toEqual(['mcp_list_tools', 'mcp_approval_request'])
    const [, request] = asked.output
    expect(request).toMatchObject({ name: 'echo', server_label: 'here', arguments: '{"text":"may I?"}' })
    expect(upstream.requests).toHaveLength(1)
    const agreed = (
      await ask(model, [named({ require_approval: 'always' })], {
        previous_response_id: asked.id,
        input: [{ type: 'mcp_approval_response', approval_request_id: request.id, approve: true }],
      })
    ).json()
    expect(typesOf(agreed)).toEqual(['mcp_list_tools', 'mcp_call', 'message'])
    expect(agreed.output[1]).toMatchObject({ approval_request_id: request.id, output: 'may I?' })
    expect(upstream.requests[1]?.body).toContain('may I?')
    // What was done once is not done again.
    upstream.reset()
    upstream.script(upstreamModel, answerTruly({ content: 'Later.' }))
    const later = (await ask(model, [named()], { previous_response_id: agreed.id, input: 'And now?' })).json()
    expect(typesOf(later)).toEqual(['mcp_list_tools', 'message'])
    expect(upstream.requests).toHaveLength(1)
    expect(upstream.requests[0]?.body).not.toContain('"mcp_')
  })

  it('tell the model when the caller does not agree', async () => {
    upstream.script(upstreamModel, wanting('echo', { text: 'x' }), answerTruly({ content: 'Then not.' }))
    const asked = (await ask(model, [named({ require_approval: 'always' })])).json()
    const approval = {
      ...{ type: 'mcp_approval_response', approval_request_id: asked.output[1].id, approve: false },
      reason: 'Too dear.',
    }
    const input = [{ type: 'message', role: 'user', content: 'Hi' }, ...asked.output, approval]
    const refused = (
      await ask(model, [named({ require_approval: 'always' })], { input, store: false })
    ).json()
    expect(typesOf(refused)).toEqual(['mcp_list_tools', 'message'])
    expect(upstream.requests[1]?.body).toContain('Too dear.')
  })

  it('stop where the caller has to call a function of its own', async () => {
    const calls = [
      { id: 'a', name: 'echo', arguments: '{"text":"x"}' },
      { id: 'b', name: 'mine', arguments: '{}' },
    ]
    upstream.script(upstreamModel, answerTruly({ toolCalls: calls }), answerTruly({ content: 'Both.' }))
    const first = (await ask(model, [named(), own])).json()
    expect(typesOf(first)).toEqual(['mcp_list_tools', 'mcp_call', 'function_call'])
    const output = { type: 'function_call_output', call_id: first.output[2].call_id, output: 'mine says y' }
    const extra = { previous_response_id: first.id, input: [output] }
    expect((await ask(model, [named(), own], extra)).json().output.at(-1).content[0].text).toBe('Both.')
    expect(upstream.requests[1]?.body).toContain('mine says y')
  })
})

describe('what goes wrong in Responses', () => {
  it('is for the model to read where a tool fails', async () => {
    upstream.script('gpt-4.1', wanting('test_error_handling', {}), answerTruly({ content: 'I see.' }))
    const { output } = (await ask('gpt', [named()])).json()
    expect(output[1]).toMatchObject({
      status: 'failed',
      output: null,
      error: expect.stringContaining('Error:'),
    })
  })

  it('is an error where the model never ends, in a stream too', async () => {
    upstream.script('gpt-4.1', wanting('echo', { text: 'again' }))
    const whole = await ask('gpt', [named()])
    expect([whole.status, whole.json().error.message]).toEqual([400, expect.stringContaining('10 turns')])
    const events = eventsOf((await ask('gpt', [named()], { stream: true })).text)
    expect(events.at(-1)).toMatchObject({ type: 'response.failed', response: { status: 'failed' } })
  })

  it('leaves servers of the provider to the provider, and refuses them where there is none', async () => {
    upstream.script('gpt-4.1', answerTruly({ content: 'ok' }))
    upstream.script('claude-sonnet-4-5', answerTruly({ content: 'ok' }))
    const foreign = { type: 'mcp', server_label: 'far', server_url: 'https://far.example.com/mcp' }
    expect((await ask('gpt', [foreign])).status).toBe(200)
    expect(upstream.requests[0]?.json['tools']).toEqual([foreign])
    for (const model of ['claude', 'llama']) {
      const refused = await ask(model, [foreign])
      expect([refused.status, refused.json().error.message]).toEqual([400, expect.stringContaining('mcp')])
    }
  })

  it.each([{ server_url: 7 }, { require_approval: 'sometimes' }, { headers: 'x' }])(
    'refuses %j',
    async (extra) => {
      const answer = await ask('gpt', [named(extra)])
      expect([answer.status, answer.json().error.param]).toEqual([400, 'tools[0]'])
      expect(upstream.requests).toHaveLength(0)
    },
  )
})

const askMessages = (model: string, extra: object) =>
  call(gateway.url, '/v1/messages', {
    key: key.key,
    headers: { 'anthropic-version': '2023-06-01' },
    body: { model, max_tokens: 100, messages: [{ role: 'user', content: 'Say hi.' }], ...extra },
  })
const blockTypes = (message: { content: { type: string }[] }) => message.content.map(({ type }) => type)
const server = { type: 'url', url: 'routeiq/mcp/here', name: 'here' }

describe.each(models)('tools of servers in Messages of $model', ({ model, upstreamModel }) => {
  it.each([
    ['mcp_servers', { mcp_servers: [server] }],
    ['tools', { tools: [named()] }],
    ['a toolset', { mcp_servers: [server], tools: [{ type: 'mcp_toolset', mcp_server_name: 'here' }] }],
  ])('are called by the gateway when they come in %s', async (_, extra) => {
    upstream.script(
      upstreamModel,
      wanting('echo', { text: 'hi from the tool' }),
      answerTruly({ content: 'Done.' }),
    )
    const message = (await askMessages(model, extra)).json()
    expect(blockTypes(message)).toEqual(['mcp_tool_use', 'mcp_tool_result', 'text'])
    const [use, result] = message.content
    expect(use).toMatchObject({ name: 'echo', server_name: 'here', input: { text: 'hi from the tool' } })
    expect(result).toEqual({
      ...{ type: 'mcp_tool_result', tool_use_id: use.id, is_error: false },
      content: [{ type: 'text', text: 'hi from the tool' }],
    })
    expect(message.stop_reason).toBe('end_turn')
    // What came goes back with the next request.
    upstream.reset()
    upstream.script(upstreamModel, answerTruly({ content: 'Again.' }))
    const messages = [
      { role: 'user', content: 'Say hi.' },
      { role: 'assistant', content: message.content },
      { role: 'user', content: 'And now?' },
    ]
    expect((await askMessages(model, { messages })).status).toBe(200)
    expect(upstream.requests[0]?.body).not.toContain('mcp')
    expect(upstream.requests[0]?.body).toContain('hi from the tool')
  })

  it('stream every block as it comes', async () => {
    upstream.script(upstreamModel, wanting('echo', { text: 'x' }), answerTruly({ content: 'Streamed.' }))
    const events = eventsOf((await askMessages(model, { mcp_servers: [server], stream: true })).text)
    const started = events.filter(({ type }) => type === 'content_block_start')
    expect(started.map(({ content_block }) => content_block.type)).toEqual([
      ...['mcp_tool_use', 'mcp_tool_result', 'text'],
    ])
    expect(events[0].type).toBe('message_start')
    expect(events.at(-2)).toMatchObject({ type: 'message_delta', delta: { stop_reason: 'end_turn' } })
    expect(events.at(-1).type).toBe('message_stop')
  })
})

describe('what differs in Messages', () => {
  it('is that calls the caller wants to be asked about come back', async () => {
    upstream.script('llama', wanting('echo', { text: 'x' }))
    const message = (await askMessages('llama', { tools: [named({ require_approval: 'always' })] })).json()
    expect([blockTypes(message), message.stop_reason]).toEqual([['tool_use'], 'tool_use'])
  })

  it('is that a tool that needs agreement is called only where the request names it', async () => {
    upstream.script('llama', wanting('count', {}), answerTruly({ content: 'Done.' }))
    const asked = (await askMessages('llama', { mcp_servers: [server] })).json()
    expect([blockTypes(asked), asked.stop_reason]).toEqual([['tool_use'], 'tool_use'])
    upstream.reset()
    upstream.script('llama', wanting('count', {}), answerTruly({ content: 'Done.' }))
    const agreed = { ...server, tool_configuration: { enabled: true, allowed_tools: ['count'] } }
    const message = (await askMessages('llama', { mcp_servers: [agreed] })).json()
    expect(blockTypes(message)).toEqual(['mcp_tool_use', 'mcp_tool_result', 'text'])
  })

  it('is that a toolset chooses among the tools', async () => {
    upstream.script('llama', answerTruly({ content: 'ok' }))
    const set = {
      ...{ type: 'mcp_toolset', mcp_server_name: 'here' },
      ...{ default_config: { enabled: false }, configs: { echo: { enabled: true } } },
    }
    await askMessages('llama', { mcp_servers: [server], tools: [set] })
    const names = ((upstream.requests[0]?.json['tools'] ?? []) as { function: { name: string } }[]).map(
      (one) => one.function.name,
    )
    expect(names).toEqual(['echo'])
  })

  it('is that servers of the provider stay with the provider', async () => {
    upstream.script('claude-sonnet-4-5', answerTruly({ content: 'ok' }))
    const foreign = { type: 'url', url: 'https://far.example.com/mcp', name: 'far' }
    expect((await askMessages('claude', { mcp_servers: [foreign] })).status).toBe(200)
    expect(upstream.requests[0]?.json['mcp_servers']).toEqual([foreign])
  })

  it('is where what cannot be read is told', async () => {
    const answer = await askMessages('llama', { mcp_servers: [{ type: 'url', url: 7, name: 'x' }] })
    expect([answer.status, answer.json().error.param]).toEqual([400, 'mcp_servers[0]'])
    expect(answer.json().type).toBe('error')
  })
})
