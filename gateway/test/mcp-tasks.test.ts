import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { type Gateway, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'
import { type RawServer, respond, startRawServer, tool } from './mcp-servers/raw-server.ts'

const related = 'io.modelcontextprotocol/related-task'
const capabilities = { tools: {}, tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } }
const times = { createdAt: '2026-01-01T00:00:00Z', lastUpdatedAt: '2026-01-01T00:00:00Z', ttl: 60_000 }

let tasks: RawServer
let plain: RawServer
let extended: RawServer
let gateway: Gateway
let key = ''

/** A server whose tool is a task called `their-own-id`. */
function serveTasks(server: RawServer): void {
  const task = { taskId: 'their-own-id', pollInterval: 10, ...times }
  server.tools = [tool('slow', { execution: { taskSupport: 'optional' } })]
  server.on('initialize', (message, response) =>
    respond(response, message, {
      ...{ protocolVersion: '2025-11-25', capabilities, serverInfo: { name: 'tasks', version: '1' } },
    }),
  )
  server.on('tools/call', (message, response) => {
    const isTask = message.params.task !== undefined
    const answered = { content: [{ type: 'text', text: 'at once' }] }
    respond(response, message, isTask ? { task: { ...task, status: 'working' } } : answered)
  })
  const answer = (method: string, resultOf: (id: string) => object) =>
    server.on(method, (message, response) => respond(response, message, resultOf(message.params.taskId)))
  answer('tasks/get', (taskId) => ({ ...task, taskId, status: 'completed' }))
  answer('tasks/cancel', (taskId) => ({ ...task, taskId, status: 'cancelled' }))
  answer('tasks/result', (taskId) => ({
    ...{ content: [{ type: 'text', text: `the result of ${taskId}` }], _meta: { [related]: { taskId } } },
  }))
}

const tasksExtension = 'io.modelcontextprotocol/tasks'
const extensions = { [tasksExtension]: {}, 'com.example/search': { deep: true } }

/** A server without a handshake, with the tasks of SEP-2663 and a method of its own. */
function serveExtensions(server: RawServer): void {
  const task = { taskId: 'their-own-id', createdAt: times.createdAt, lastUpdatedAt: times.lastUpdatedAt }
  const answer = (method: string, result: object) =>
    server.on(method, (message, response) =>
      respond(response, message, { resultType: 'complete', ...result }),
    )
  answer('server/discover', {
    ...{ supportedVersions: ['2026-07-28'], capabilities: { tools: {}, extensions }, ttlMs: 0 },
    ...{ serverInfo: { name: 'extended', version: '1' }, cacheScope: 'private' },
  })
  answer('tools/list', { tools: [tool('slow')], ttlMs: 0, cacheScope: 'private' })
  server.on('tools/call', (message, response) => {
    const { extensions: claimed = {} } = message.params._meta['io.modelcontextprotocol/clientCapabilities']
    const isTask = tasksExtension in claimed
    const made = { resultType: 'task', ...task, status: 'working', ttlMs: 60_000, pollIntervalMs: 10 }
    const answered = { resultType: 'complete', content: [{ type: 'text', text: 'at once' }] }
    respond(response, message, isTask ? made : answered)
  })
  answer('tasks/get', { ...task, status: 'completed', result: { content: [] } })
  answer('tasks/update', {})
  answer('tasks/cancel', {})
  answer('com.example/search', { found: ['a'] })
}

beforeAll(async () => {
  ;[tasks, plain, extended] = await Promise.all([startRawServer(), startRawServer(), startRawServer()])
  serveTasks(tasks)
  serveExtensions(extended)
  gateway = await startGateway({
    config: {
      mcp_servers: {
        tasks: { url: tasks.url, transport: 'http' },
        plain: { url: plain.url, transport: 'http' },
        extended: { url: extended.url, transport: 'http' },
      },
    },
  })
  key = (await gateway.createKey()).key
  await waitUntil('the servers have answered', async () => {
    const answer = await call(gateway.url, '/v1/llmrouter/mcp/server/health', { key: gateway.masterKey })
    return answer.json().summary.healthy === 3
  })
})
afterAll(async () => {
  await gateway?.stop()
  tasks?.close()
  plain?.close()
  extended?.close()
})

const accept = { accept: 'application/json, text/event-stream' }
const clientInfo = { name: 't', version: '1' }
const send = async (method: string, params: object, { path = '/mcp', as = key } = {}) => {
  const body = { jsonrpc: '2.0', id: 1, method, params }
  const answer = await call(gateway.url, path, { key: as, headers: accept, body })
  return JSON.parse(/\{.*\}/.exec(answer.text)?.[0] ?? '')
}
const initialize = (path: string) =>
  send('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo }, { path })

it('is offered where a server has it, without lists', async () => {
  const offered = { cancel: {}, requests: { tools: { call: {} } } }
  for (const path of ['/mcp', '/mcp/tasks'])
    expect((await initialize(path)).result.capabilities.tasks).toEqual(offered)
  expect((await initialize('/mcp/plain')).result.capabilities.tasks).toBeUndefined()
  expect((await send('tasks/list', {})).error.code).toBe(-32_601)
})

it('a call becomes a task that its client alone asks for, cancels and reads', async () => {
  const made = await send('tools/call', { name: 'tasks-slow', arguments: {}, task: { ttl: 60_000 } })
  const { taskId } = made.result.task
  expect(made.result.task).toMatchObject({ status: 'working', ttl: 60_000, pollInterval: 10 })
  expect(JSON.stringify(made)).not.toContain('their-own-id')
  expect((await send('tasks/get', { taskId })).result).toMatchObject({ taskId, status: 'completed' })
  const { result } = await send('tasks/result', { taskId }, { path: '/mcp/tasks' })
  expect(result).toEqual({
    content: [{ type: 'text', text: 'the result of their-own-id' }],
    _meta: { [related]: { taskId } },
  })
  expect((await send('tasks/cancel', { taskId })).result).toMatchObject({ taskId, status: 'cancelled' })
  const asked = tasks.received.findLast(({ method }) => method === 'tasks/cancel')
  expect(asked.params.taskId).toBe('their-own-id')
  const stranger = (await gateway.createKey()).key
  for (const [params, options] of [
    [{ taskId }, { as: stranger }],
    [{ taskId: 'their-own-id' }, {}],
    [{ taskId }, { path: '/mcp/plain' }],
    [{}, {}],
  ] as const)
    expect((await send('tasks/get', params, options)).error).toMatchObject({ code: -32_602 })
})

it('a call stays a call where nobody asks for a task, or the server has none', async () => {
  const direct = await send('tools/call', { name: 'tasks-slow', arguments: {} })
  expect(direct.result.content).toEqual([{ type: 'text', text: 'at once' }])
  const other = await send('tools/call', { name: 'plain-echo', arguments: {}, task: { ttl: 1 } })
  expect(other.result.content).toEqual([{ type: 'text', text: 'ok' }])
  expect(plain.received.findLast(({ method }) => method === 'tools/call').params.task).toBeUndefined()
})

describe('extensions of a server', () => {
  /** A message of a client without a handshake, which can do what `claimed` says. */
  const ask = async (
    method: string,
    params: Record<string, unknown>,
    { path = '/mcp/extended', as = key, claimed = {} as object } = {},
  ) => {
    const name = params['name'] ?? params['taskId']
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': clientInfo,
      'io.modelcontextprotocol/clientCapabilities': { extensions: claimed },
    }
    const answer = await call(gateway.url, path, {
      key: as,
      headers: {
        ...{ ...accept, 'mcp-protocol-version': '2026-07-28', 'mcp-method': method },
        ...(typeof name === 'string' && { 'mcp-name': name }),
      },
      body: { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } },
    })
    return { status: answer.status, ...JSON.parse(/\{.*\}/.exec(answer.text)?.[0] ?? '') }
  }
  const claimed = { [tasksExtension]: {}, 'com.example/unheard-of': {} }

  it('are told of at its own address alone, tasks to clients of its era', async () => {
    const discovered = await ask('server/discover', {})
    expect(discovered.result.capabilities.extensions).toEqual(extensions)
    const { [tasksExtension]: _, ...others } = extensions
    expect((await initialize('/mcp/extended')).result.capabilities.extensions).toEqual(others)
    const everywhere = await ask('server/discover', {}, { path: '/mcp' })
    expect(Object.keys(everywhere.result.capabilities.extensions ?? {})).not.toContain('com.example/search')
  })

  it('answer methods that the protocol does not know, there alone', async () => {
    expect((await ask('com.example/search', { q: 1 })).result).toMatchObject({ found: ['a'] })
    expect(extended.received.findLast(({ method }) => method === 'com.example/search').params.q).toBe(1)
    expect((await send('com.example/search', {}, { path: '/mcp/extended' })).result).toEqual({ found: ['a'] })
    for (const path of ['/mcp', '/mcp/plain'])
      expect(await ask('com.example/search', {}, { path })).toMatchObject({
        status: 404,
        error: { code: -32_601 },
      })
  })

  it('make tasks of calls, which their client alone asks for', async () => {
    const made = await ask('tools/call', { name: 'slow', arguments: {} }, { claimed })
    expect(made.result).toMatchObject({ resultType: 'task', status: 'working', pollIntervalMs: 10 })
    expect(JSON.stringify(made)).not.toContain('their-own-id')
    const sent = extended.received.findLast(({ method }) => method === 'tools/call').params._meta
    expect(sent['io.modelcontextprotocol/clientCapabilities'].extensions).toEqual({ [tasksExtension]: {} })
    const { taskId } = made.result
    expect((await ask('tasks/get', { taskId }, { claimed })).result).toMatchObject({
      ...{ taskId, status: 'completed', result: { content: [] } },
    })
    for (const method of ['tasks/update', 'tasks/cancel']) {
      const params = { taskId, inputResponses: {} }
      expect((await ask(method, params, { claimed })).result.resultType).toBe('complete')
      const asked = extended.received.findLast((message) => message.method === method)
      expect([asked.params.taskId, asked.headers['mcp-name']]).toEqual(['their-own-id', 'their-own-id'])
    }
    const stranger = (await gateway.createKey()).key
    for (const options of [{ claimed, as: stranger }, { claimed }])
      expect(
        (await ask('tasks/get', { taskId: 'as' in options ? taskId : 'their-own-id' }, options)).error.code,
      ).toBe(-32_602)
  })

  it('leave a call a call for clients that know no tasks, and refuse tasks of the other form', async () => {
    const direct = await ask('tools/call', { name: 'slow', arguments: {} })
    expect(direct.result.content).toEqual([{ type: 'text', text: 'at once' }])
    const old = await send(
      'tools/call',
      { name: 'slow', arguments: {}, task: { ttl: 1 } },
      { path: '/mcp/extended' },
    )
    expect(old.result.content).toEqual([{ type: 'text', text: 'at once' }])
    expect(await ask('tasks/get', { taskId: 'any' }, { path: '/mcp/tasks', claimed })).toMatchObject({
      status: 404,
      error: { code: -32_601 },
    })
  })
})
