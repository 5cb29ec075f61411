import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { deployment } from './harness/deployments.ts'
import { type ScriptedAgent, startScriptedAgent } from './harness/scripted-agent.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey as key, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'
import { startToolServer, type ToolServer } from './mcp-servers/start-server.ts'

const modules = fileURLToPath(new URL('./plugin-modules', import.meta.url))
let upstream: ScriptedUpstream
let tools: ToolServer
let agent: ScriptedAgent
let gateway: Gateway

beforeAll(async () => {
  ;[upstream, tools, agent] = await Promise.all([
    startScriptedUpstream(),
    startToolServer('modern'),
    startScriptedAgent('1.0'),
  ])
  const byPlugin = (name: string): object => ({
    models: ['small', 'large'],
    strategy: 'llmrouter-custom',
    args: { remote_url: `plugin:${name}`, remote_timeout_ms: 5_000 },
  })
  gateway = await startGateway({
    config: {
      model_list: ['small', 'large'].map((name) =>
        deployment(name, upstream.openaiBase, { input_cost_per_token: 1e-6 }, { id: name }),
      ),
      routeiq: {
        routing: { routers: { ours: byPlugin('by-length'), lost: byPlugin('broken') } },
      },
    },
    env: {
      LLMROUTER_PLUGINS: `${modules}/operator.js,${modules}/powerless.js`,
      ...{ MCP_GATEWAY_ENABLED: 'true', A2A_GATEWAY_ENABLED: 'true', ROUTEIQ_EVALUATOR_ENABLED: 'true' },
      ...{ LLMROUTER_OUTBOUND_HOST_ALLOWLIST: 'localhost,127.0.0.1', LITELLM_JSON_LOGS: 'true' },
    },
  })
})
afterAll(async () => {
  await gateway?.stop()
  tools?.stop()
  await Promise.all([upstream?.close(), agent?.close()])
})

async function tell(plane: string, method: string, ...args: unknown[]) {
  const answer = await call(gateway.url, `/operator/${plane}/${method}`, { key, body: { args } })
  return answer.status === 200 ? answer.json().result : answer.json()
}

async function healthOf(plugin: string) {
  const { plugins } = (await call(gateway.url, '/api/v1/routeiq/plugins', { key })).json()
  return plugins.find((one: { name: string }) => one.name === plugin).health
}

describe('a plugin with the capability', () => {
  it('TOOL_RUNTIME registers tool servers, calls their tools and takes them away', async () => {
    expect(await tell('mcp', 'isEnabled')).toBe(true)
    const server = { server_id: 'mine', name: 'Mine', url: tools.url }
    expect(await tell('mcp', 'registerServer', server)).toMatchObject({ server_id: 'mine' })
    expect(await tell('mcp', 'listServers')).toMatchObject([{ server_id: 'mine' }])
    await waitUntil('its tools are known', async () => (await tell('mcp', 'listTools')).length > 0)
    expect(await tell('mcp', 'invokeTool', 'echo', { text: 'hello' }, 'mine')).toMatchObject({
      status: 'success',
      content: [{ type: 'text', text: expect.stringContaining('hello') }],
    })
    expect(await tell('mcp', 'invokeTool', 'nothing', {})).toMatchObject({
      message: expect.stringContaining('nothing'),
    })
    const { events } = (
      await call(gateway.url, '/api/v1/routeiq/audit?action=mcp.server.create', { key })
    ).json()
    expect(events[0]).toMatchObject({ request_id: expect.stringMatching(/^plugin-operator-/) })
  })

  it('EVALUATOR judges what tools and agents answer', async () => {
    const seen = await waitUntil('it has judged', async () => (await healthOf('operator')).tool)
    expect(seen).toMatchObject({
      ...{ serverId: 'mine', name: 'echo', input: { text: 'hello' }, outcome: 'success' },
      result: { content: [{ text: expect.stringContaining('hello') }] },
    })
    await waitUntil('the log has it', () =>
      /"event":"evaluation".*"invocation_type":"mcp".*"plugin":"operator".*"score":0.9/.test(
        gateway.stdout(),
      ),
    )
    expect(await healthOf('powerless')).not.toHaveProperty('evaluated')
    await tell('mcp', 'unregisterServer', 'mine')
    expect(await tell('mcp', 'listServers')).toEqual([])
  })

  it('TOOL_RUNTIME registers agents, asks them and takes them away', async () => {
    expect(await tell('a2a', 'isEnabled')).toBe(true)
    const { agent_id } = await tell('a2a', 'registerAgent', { agent_name: 'helper', url: agent.url })
    expect(await tell('a2a', 'listAgents')).toMatchObject([{ agent_name: 'helper' }])
    const message = { role: 'user', messageId: 'm-1', parts: [{ kind: 'text', text: 'do: work' }] }
    const result = await tell('a2a', 'invokeAgent', 'helper', message)
    expect(result).toMatchObject({ kind: expect.stringMatching(/^(?:task|message)$/) })
    const judged = await waitUntil('it was judged', async () => (await healthOf('operator')).agent)
    expect(judged).toMatchObject({ name: 'helper', outcome: 'success', result: expect.anything() })
    await tell('a2a', 'unregisterAgent', agent_id)
    expect(await tell('a2a', 'listAgents')).toEqual([])
  })

  it('ROUTING_STRATEGY chooses models, and is left out when it fails', async () => {
    const ask = (model: string, query: string) =>
      call(gateway.url, '/router/route', { key, body: { model, query } })
    expect((await ask('ours', 'Hi')).json().selected_model).toBe('small')
    expect((await ask('ours', 'Explain the theory of everything.')).json().selected_model).toBe('large')
    const lost = await ask('lost', 'Hi')
    expect(lost.status, lost.text).toBe(200)
    expect(await tell('routing', 'registerStrategy', 'by-length', 'no function')).toMatchObject({
      message: expect.stringContaining('already'),
    })
  })

  it('none of them gets nothing', async () => {
    expect(await healthOf('powerless')).toMatchObject({
      ...{ app: null, mcp: null, a2a: null },
      refusal: expect.stringContaining('ROUTING_STRATEGY'),
    })
  })
})

describe('every plugin', () => {
  it('asks for and sets the strategy, also while it starts', async () => {
    expect((await healthOf('operator')).strategyAtStart).toBe(await tell('routing', 'getActiveStrategy'))
    await tell('routing', 'setActiveStrategy', 'llmrouter-random')
    expect(await tell('routing', 'getActiveStrategy')).toBe('llmrouter-random')
    expect(await tell('routing', 'setActiveStrategy', 'nonsense')).toMatchObject({
      message: expect.any(String),
    })
    expect(await tell('routing', 'getWeights')).toEqual({})
    expect(await tell('routing', 'listStrategies')).toContainEqual(
      expect.objectContaining({ name: 'llmrouter-random', active: true }),
    )
  })

  it('sees the configuration without secrets, and has it read again', async () => {
    const shown = JSON.stringify(await tell('configSync', 'getCurrentConfig'))
    expect(shown).toContain('small')
    expect(shown).not.toContain(key)
    expect(await tell('configSync', 'forceSync')).toMatchObject({ status: 'success' })
    expect(await tell('configSync', 'getStatus')).toMatchObject({ ha_mode: 'single' })
  })

  it('sees breakers and moves them', async () => {
    expect(await tell('resilience', 'isDegraded')).toBe(false)
    await tell('resilience', 'forceOpen', 'deployment:small', 60)
    expect(await tell('resilience', 'getCircuitBreakerStatus')).toContainEqual(
      expect.objectContaining({ name: 'deployment:small', state: 'open' }),
    )
    await tell('resilience', 'forceClose', 'deployment:small')
    expect(await tell('resilience', 'isDegraded')).toBe(false)
    expect(await tell('resilience', 'forceOpen', 'deployment:none')).toMatchObject({
      message: expect.stringContaining('deployment:none'),
    })
  })
})
