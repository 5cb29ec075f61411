import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, type CallOptions, call } from './harness/call-gateway.ts'
import { type Gateway, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'
import { type RawServer, startRawServer, tool } from './mcp-servers/raw-server.ts'

let raw: RawServer
let gateway: Gateway

beforeAll(async () => {
  raw = await startRawServer()
  raw.tools = ['read', 'write', 'drop'].map((name) => tool(name))
  gateway = await startGateway({
    config: {
      mcp_servers: {
        notes: { url: raw.url, transport: 'http' },
        vault: { url: raw.url, transport: 'http', access_groups: ['closed'] },
      },
    },
    env: { LLMROUTER_OUTBOUND_HOST_ALLOWLIST: '127.0.0.1' },
  })
  await waitUntil('the servers have answered', async () => {
    const answer = await admin('/v1/llmrouter/mcp/server/health')
    return answer.json().summary.healthy === 2
  })
})
afterAll(async () => {
  await gateway?.stop()
  raw?.close()
})

const admin = (path: string, options: CallOptions = {}): Promise<Answer> =>
  call(gateway.url, path, { key: gateway.masterKey, ...options })
const accept = { accept: 'application/json, text/event-stream' }
const send = async (key: string, path: string, method: string, params: object = {}) => {
  const answer = await call(gateway.url, path, {
    ...{ key, headers: accept, body: { jsonrpc: '2.0', id: 1, method, params } },
  })
  return answer.status === 200 ? JSON.parse(/\{.*\}/.exec(answer.text)?.[0] ?? '') : answer.json()
}
const toolsAt = async (key: string, path: string): Promise<string[]> =>
  (await send(key, path, 'tools/list')).result.tools.map(({ name }: { name: string }) => name)
const member = (server_id: string, tool_name: string) => ({ server_id, tool_name })

describe('a toolset', () => {
  it('is made, read, changed and removed by admins', async () => {
    const body = { toolset_name: 'reading', description: 'To read.', tools: [member('notes', 'read')] }
    const made = await admin('/v1/mcp/toolset', { body })
    expect([made.status, made.json()]).toEqual([
      201,
      expect.objectContaining({ ...body, toolset_id: expect.stringMatching(/^[0-9a-f]{16}$/) }),
    ])
    const { toolset_id } = made.json()
    const tools = [member('notes', 'read'), member('vault', 'read')]
    const changed = await admin('/v1/mcp/toolset', { method: 'PUT', body: { toolset_id, tools } })
    expect([changed.status, changed.json()]).toEqual([202, expect.objectContaining({ ...body, tools })])
    expect((await admin(`/v1/mcp/toolset/${toolset_id}`)).json()).toEqual(changed.json())
    expect((await admin('/v1/mcp/toolset')).json()).toEqual([changed.json()])
    const { key } = await gateway.createKey()
    expect((await call(gateway.url, '/v1/mcp/toolset', { key, body })).status).toBe(403)
    expect((await admin(`/v1/mcp/toolset/${toolset_id}`, { method: 'DELETE' })).status).toBe(202)
    for (const method of ['GET', 'DELETE'])
      expect((await admin(`/v1/mcp/toolset/${toolset_id}`, { method })).status).toBe(404)
  })

  it.each([
    [{ toolset_name: 'notes' }, 409],
    [{ toolset_name: 'health' }, 409],
    [{ toolset_name: 'a b' }, 422],
    [{ toolset_name: 'ok', tools: [member('nobody', 'read')] }, 404],
  ])('%j is refused', async (body, status) => {
    expect((await admin('/v1/mcp/toolset', { body })).status).toBe(status)
  })

  it('takes its name from no server, and no second toolset', async () => {
    const { toolset_id } = (await admin('/v1/mcp/toolset', { body: { toolset_name: 'taken' } })).json()
    expect((await admin('/v1/mcp/toolset', { body: { toolset_name: 'TAKEN' } })).status).toBe(409)
    const server = { server_id: 'taken', name: 'taken', url: 'https://example.com/mcp' }
    expect((await admin('/llmrouter/mcp/servers', { body: server })).status).toBe(409)
    await admin(`/v1/mcp/toolset/${toolset_id}`, { method: 'DELETE' })
  })

  it('is an address that narrows, and never widens, what a key sees', async () => {
    const tools = [member('notes', 'read'), member('vault', 'read'), member('notes', 'gone')]
    const { toolset_id } = (
      await admin('/v1/mcp/toolset', { body: { toolset_name: 'narrow', tools } })
    ).json()
    const { key } = await gateway.createKey()
    expect(await toolsAt(key, '/mcp/narrow')).toEqual(['notes-read'])
    expect(await toolsAt(gateway.masterKey, `/mcp/${toolset_id}`)).toEqual(['notes-read', 'vault-read'])
    expect(await toolsAt(key, '/mcp/narrow,nobody')).toEqual(['notes-read'])
    const used = await send(key, '/mcp/narrow', 'tools/call', { name: 'notes-read' })
    expect(used.result.content).toEqual([{ type: 'text', text: 'ok' }])
    const other = await send(key, '/mcp/narrow', 'tools/call', { name: 'notes__write' })
    expect(other.error).toMatchObject({ code: -32_602 })
    await admin(`/v1/mcp/toolset/${toolset_id}`, { method: 'DELETE' })
    expect((await call(gateway.url, '/mcp/narrow', { key, headers: accept, body: {} })).status).toBe(404)
  })

  it('is what a key may use, of servers it would not see, and follows every change', async () => {
    const tools = [member('vault', 'read')]
    const { toolset_id } = (await admin('/v1/mcp/toolset', { body: { toolset_name: 'lent', tools } })).json()
    const { key } = await gateway.createKey({ object_permission: { mcp_toolsets: ['lent'] } })
    const both = await gateway.createKey({
      object_permission: { mcp_toolsets: ['lent'], mcp_servers: ['notes'] },
    })
    expect(await toolsAt(key, '/mcp')).toEqual(['vault-read'])
    expect(await toolsAt(both.key, '/mcp')).toEqual(['notes-drop', 'notes-read', 'notes-write', 'vault-read'])
    const refused = { name: 'write', server_id: 'vault' }
    expect((await call(gateway.url, '/mcp-rest/tools/call', { key, body: refused })).status).toBe(404)
    await admin('/v1/mcp/toolset', { method: 'PUT', body: { toolset_id, tools: [member('vault', 'write')] } })
    expect(await toolsAt(key, '/mcp')).toEqual(['vault-write'])
    await gateway.restart()
    await waitUntil('it is there again', async () => (await toolsAt(key, '/mcp')).join() === 'vault-write')
    await admin(`/v1/mcp/toolset/${toolset_id}`, { method: 'DELETE' })
    expect(await toolsAt(key, '/mcp')).toEqual([])
  })
})

describe('a proposed server', () => {
  const url = () => raw.url
  const propose = async (key: string, body: object) =>
    call(gateway.url, '/v1/mcp/server/register', { key, body })

  it('is called by nobody until an admin approves it, with its secrets', async () => {
    const { key } = await gateway.createKey()
    const before = raw.received.length
    const body = {
      server_id: 'proposed',
      name: 'Proposed',
      url: url(),
      auth_type: 'bearer_token',
      auth_value: 'canary-x',
    }
    const proposed = await propose(key, body)
    expect([proposed.status, proposed.json()]).toEqual([
      201,
      expect.objectContaining({ server_id: 'proposed', approval_status: 'pending_review' }),
    ])
    expect((await admin('/v1/mcp/server/proposed')).status).toBe(404)
    expect((await call(gateway.url, '/v1/mcp/server/submissions', { key })).status).toBe(403)
    const listed = await admin('/v1/mcp/server/submissions')
    expect(listed.json()).toMatchObject({ total: 1, pending_review: 1, items: [{ server_id: 'proposed' }] })
    expect(listed.text + proposed.text).not.toContain('canary-x')
    const seen = raw.received.slice(before).map(({ headers }) => headers.authorization)
    expect(seen).not.toContain('Bearer canary-x')
    expect((await call(gateway.url, '/v1/mcp/server/proposed/approve', { key, body: {} })).status).toBe(403)
    const approved = await admin('/v1/mcp/server/proposed/approve', { body: {} })
    expect([approved.status, approved.json()]).toEqual([
      200,
      expect.objectContaining({ server_id: 'proposed', approval_status: 'approved', auth_value: 'set' }),
    ])
    await waitUntil('it is asked', () =>
      raw.received.some(({ headers }) => headers.authorization === 'Bearer canary-x'),
    )
    expect((await admin('/v1/mcp/server/submissions')).json().total).toBe(0)
    expect((await admin('/v1/mcp/server/proposed/approve', { body: {} })).status).toBe(404)
    await admin('/v1/mcp/server/proposed', { method: 'DELETE' })
  })

  it('is rejected with a word, and may be proposed anew by the same key alone', async () => {
    const { key } = await gateway.createKey()
    const body = { server_id: 'again', name: 'Again', url: url() }
    await propose(key, body)
    const rejected = await admin('/v1/mcp/server/again/reject', { body: { review_notes: 'Not yet.' } })
    expect(rejected.json()).toMatchObject({ approval_status: 'rejected', review_notes: 'Not yet.' })
    const stranger = await gateway.createKey()
    expect((await propose(stranger.key, body)).status).toBe(409)
    expect((await propose(key, body)).json()).toMatchObject({
      approval_status: 'pending_review',
      review_notes: null,
    })
  })

  it('is judged like any other, and does not take the place of one', async () => {
    const { key } = await gateway.createKey()
    const base = { server_id: 'bad', name: 'Bad', url: url() }
    expect((await propose(key, { ...base, url: 'http://10.0.0.1/mcp' })).status).toBe(400)
    expect((await propose(key, { ...base, transport: 'stdio', command: 'sh' })).status).toBe(400)
    expect((await propose(key, { ...base, server_id: 'notes' })).status).toBe(409)
    expect((await propose(key, { ...base, alias: 'VAULT' })).status).toBe(409)
    for (let at = 0; at < 20; at += 1)
      expect((await propose(key, { ...base, server_id: `many-${at}` })).status).toBe(201)
    expect((await propose(key, { ...base, server_id: 'many-20' })).status).toBe(409)
  })
})

it('a key with the permission manages servers like an admin, of those it sees', async () => {
  const { key } = await gateway.createKey({ permissions: { 'mcp.server.write': true } })
  const body = { server_id: 'own', name: 'own', url: raw.url }
  expect((await call(gateway.url, '/llmrouter/mcp/servers', { key, body })).status).toBe(200)
  const hidden = { server_id: 'hidden', name: 'hidden', url: raw.url, access_groups: ['closed'] }
  expect((await admin('/llmrouter/mcp/servers', { body: hidden })).status).toBe(200)
  for (const method of ['PUT', 'DELETE'])
    expect(
      (await call(gateway.url, '/llmrouter/mcp/servers/hidden', { key, method, body: hidden })).status,
    ).toBe(404)
  expect((await call(gateway.url, '/v1/mcp/server/own', { key, method: 'DELETE' })).status).toBe(202)
  expect(
    (await call(gateway.url, '/llmrouter/mcp/servers/notes/tools', { key, body: { name: 'x' } })).status,
  ).toBe(403)
})
