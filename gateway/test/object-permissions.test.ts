import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { type ScriptedAgent, startScriptedAgent } from './harness/scripted-agent.ts'
import { type Gateway, type IssuedKey, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'
import { startToolServer, type ToolServer } from './mcp-servers/start-server.ts'

let gateway: Gateway
let agent: ScriptedAgent
let tools: ToolServer

const limited = {
  agents: ['helper'],
  mcp_servers: ['one'],
  mcp_tool_permissions: { one: ['echo', 'count'] },
}

beforeAll(async () => {
  ;[agent, tools] = await Promise.all([startScriptedAgent('1.0'), startToolServer('modern')])
  const { url } = tools
  gateway = await startGateway({
    config: {
      agent_list: [
        { agent_name: 'helper', url: agent.url },
        { agent_name: 'other', url: agent.url, access_group_ids: ['lab'] },
        { agent_name: 'configured', url: agent.url, object_permission: limited },
      ],
      mcp_servers: {
        one: { url, transport: 'http' },
        two: { url, transport: 'http' },
        lab: { url, transport: 'http', access_groups: ['lab'] },
      },
    },
    env: { LLMROUTER_OUTBOUND_HOST_ALLOWLIST: '127.0.0.1' },
  })
  await waitUntil('all servers have answered', async () => {
    const answer = await call(gateway.url, '/v1/llmrouter/mcp/server/health', { key: gateway.masterKey })
    return answer.json().summary.unhealthy === 0
  })
})
afterAll(async () => {
  await gateway?.stop()
  await agent?.close()
  tools?.stop()
})

const asAdmin = (path: string, options: object = {}) =>
  call(gateway.url, path, { key: gateway.masterKey, ...options })

interface Named {
  readonly agent_name: string
  readonly server_id: string
  readonly name: string
}

async function visible({ key }: IssuedKey) {
  const listed = async (path: string) => (await call(gateway.url, path, { key })).json()
  const agents = (await listed('/a2a/agents')).agents.map(({ agent_name }: Named) => agent_name)
  const servers = (await listed('/v1/mcp/server')).map(({ server_id }: Named) => server_id)
  return { agents, servers: servers.toSorted() }
}

async function toolNames({ key }: IssuedKey): Promise<string[]> {
  const { tools: listed } = (await call(gateway.url, '/v1/mcp/tools', { key })).json()
  return listed.map(({ name }: Named) => name).toSorted()
}

const send = (name: string, { key }: IssuedKey) =>
  call(gateway.url, `/a2a/${name}`, {
    key,
    body: {
      ...{ jsonrpc: '2.0', id: 1, method: 'SendMessage' },
      params: { message: { messageId: 'work', role: 'ROLE_USER', parts: [{ text: 'x' }] } },
    },
  })

describe('the permissions of a team', () => {
  it('hold its keys beside their own, for agents and tool servers alike', async () => {
    const object_permission = {
      ...{ agents: ['helper'], agent_access_groups: ['lab'], mcp_servers: ['one', 'two'] },
      ...{ mcp_access_groups: ['lab'], blocked_tools: ['one-count'] },
    }
    const team = await asAdmin('/team/new', { body: { team_alias: 'team', object_permission } })
    const { team_id } = team.json()
    const member = await gateway.createKey({ team_id })
    expect(await visible(member)).toEqual({ agents: ['helper', 'other'], servers: ['lab', 'one', 'two'] })
    const narrow = await gateway.createKey({
      team_id,
      object_permission: { agents: ['helper', 'configured'], mcp_servers: ['one', 'three'] },
    })
    expect(await visible(narrow)).toEqual({ agents: ['helper'], servers: ['one'] })
    const names = await toolNames(narrow)
    expect(names).toContain('one-echo')
    expect(names).not.toContain('one-count')
  })
})

describe('the permissions of an agent', () => {
  it('hold the keys that are for it', async () => {
    const own = await gateway.createKey({ agent_id: 'configured' })
    expect(await visible(own)).toEqual({ agents: ['helper'], servers: ['one'] })
    expect(await toolNames(own)).toEqual(['one-count', 'one-echo'])
    expect([(await send('helper', own)).status, (await send('other', own)).status]).toEqual([200, 404])
    const narrow = await gateway.createKey({
      agent_id: 'configured',
      object_permission: { agents: ['other'], mcp_tool_permissions: { one: ['echo'] } },
    })
    expect(await visible(narrow)).toEqual({ agents: [], servers: ['one'] })
    expect(await toolNames(narrow)).toEqual(['one-echo'])
  })

  it('count as they are now, and never widen what a key may do when the agent goes away', async () => {
    const body = { agent_name: 'caller', url: agent.url, object_permission: { agents: ['other'] } }
    const { agent_id } = (await asAdmin('/a2a/agents', { body })).json()
    const own = await gateway.createKey({ agent_id })
    expect(await visible(own)).toEqual({ agents: ['other'], servers: ['one', 'two'] })
    const changed = await asAdmin(`/v1/agents/${agent_id}`, {
      method: 'PATCH',
      body: { object_permission: { agents: ['helper'], mcp_servers: ['two'] } },
    })
    expect([changed.json().object_permission, changed.json().warnings]).toEqual([
      { agents: ['helper'], mcp_servers: ['two'] },
      [],
    ])
    expect(await visible(own)).toEqual({ agents: ['helper'], servers: ['two'] })
    await asAdmin(`/a2a/agents/${agent_id}`, { method: 'DELETE' })
    expect(await visible(own)).toEqual({ agents: [], servers: [] })
  })

  it('are refused where they are no lists of names', async () => {
    const body = { agent_name: 'mistaken', url: agent.url, object_permission: { mcp_servers: 'one' } }
    const refused = await asAdmin('/a2a/agents', { body })
    expect([refused.status, refused.json().detail[0].loc]).toEqual([
      422,
      ['body', 'object_permission', 'mcp_servers'],
    ])
  })
})
