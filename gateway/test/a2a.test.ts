import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, call } from './harness/call-gateway.ts'
import { readSpendLogs } from './harness/read-spend-logs.ts'
import { dataOf, openStream } from './harness/read-stream.ts'
import { type ScriptedAgent, startScriptedAgent } from './harness/scripted-agent.ts'
import { type Gateway, type IssuedKey, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

// biome-ignore lint/suspicious/noExplicitAny: events of two versions, whose shape the tests then assert
type Event = any

let gateway: Gateway
let oldAgent: ScriptedAgent
let currentAgent: ScriptedAgent
let bareAgent: ScriptedAgent
let alice: IssuedKey
let bob: IssuedKey

beforeAll(async () => {
  oldAgent = await startScriptedAgent('0.3')
  currentAgent = await startScriptedAgent('1.0')
  bareAgent = await startScriptedAgent('1.0', null)
  const agent_list = [
    { agent_name: 'old', url: oldAgent.url, litellm_params: { cost_per_query: 0.25 } },
    { agent_name: 'current', url: currentAgent.url, static_headers: { 'x-secret': 'for the agent' } },
    { agent_name: 'bare', url: bareAgent.url },
    { agent_name: 'dead', url: 'http://127.0.0.1:9' },
    { agent_name: 'hasty', url: currentAgent.url, litellm_params: { timeout: 0.2 } },
  ]
  gateway = await startGateway({ config: { agent_list } })
  alice = await gateway.createKey({ user_id: 'alice' })
  bob = await gateway.createKey({ user_id: 'bob' })
})
afterAll(async () => {
  await gateway?.stop()
  await Promise.all([oldAgent, currentAgent, bareAgent].map((agent) => agent?.close()))
})

const agents = ['old', 'current'] as const
const versions = ['0.3', '1.0'] as const
type Version = (typeof versions)[number]

const names: Record<string, Record<Version, string>> = {
  send: { '0.3': 'message/send', '1.0': 'SendMessage' },
  stream: { '0.3': 'message/stream', '1.0': 'SendStreamingMessage' },
  get: { '0.3': 'tasks/get', '1.0': 'GetTask' },
  list: { '0.3': 'tasks/list', '1.0': 'ListTasks' },
  cancel: { '0.3': 'tasks/cancel', '1.0': 'CancelTask' },
  subscribe: { '0.3': 'tasks/resubscribe', '1.0': 'SubscribeToTask' },
}
let nextId = 1

function messageOf(version: Version, messageId: string, more: object = {}) {
  return version === '0.3'
    ? { kind: 'message', messageId, role: 'user', parts: [{ kind: 'text', text: 'Hi' }], ...more }
    : { messageId, role: 'ROLE_USER', parts: [{ text: 'Hi' }], ...more }
}

const rpc = (agent: string, method: string, params: object, key = alice.key): Promise<Answer> =>
  call(gateway.url, `/a2a/${agent}`, { key, body: { jsonrpc: '2.0', id: nextId++, method, params } })

const ask = (agent: string, version: Version, operation: string, params: object, key = alice.key) =>
  rpc(agent, names[operation]?.[version] ?? operation, params, key)

const send = (agent: string, version: Version, messageId: string, more: object = {}, key = alice.key) =>
  ask(agent, version, 'send', { message: messageOf(version, messageId, more) }, key)

/** The task of an answer to a message, whatever the version. */
const taskOf = (answer: Answer) => answer.json().result.task ?? answer.json().result

describe.each(agents)('an agent that speaks the %s version', (agent) => {
  describe.each(versions)('and a client of %s', (version) => {
    it('begins a task, finds, lists and cancels it', async () => {
      const begun = await send(agent, version, 'ask-1')
      expect([begun.status, begun.headers['a2a-version']]).toEqual([200, version])
      const task = taskOf(begun)
      const waiting = version === '0.3' ? 'input-required' : 'TASK_STATE_INPUT_REQUIRED'
      expect(task.status.state).toBe(waiting)
      expect(task.kind).toBe(version === '0.3' ? 'task' : undefined)
      const found = await ask(agent, version, 'get', { id: task.id })
      expect(found.json().result).toMatchObject({ id: task.id, contextId: task.contextId })
      const listed = (await ask(agent, version, 'list', { contextId: task.contextId })).json().result
      expect(listed).toMatchObject({ totalSize: 1, pageSize: 50, nextPageToken: '' })
      expect(listed.tasks[0]).toMatchObject({ id: task.id, status: { state: waiting } })
      const canceled = await ask(agent, version, 'cancel', { id: task.id })
      expect(canceled.json().result.status.state).toMatch(/canceled/i)
      const again = await ask(agent, version, 'cancel', { id: task.id })
      expect(again.json().error.code).toBe(-32002)
    })

    it('goes on with a task and its conversation', async () => {
      const task = taskOf(await send(agent, version, 'ask-2'))
      const more = { taskId: task.id, contextId: task.contextId }
      const done = taskOf(await send(agent, version, 'work-2', more))
      expect(done.id).toBe(task.id)
      expect(done.history.map((message: { role: string }) => message.role.toLowerCase())).toEqual(
        version === '0.3' ? ['user', 'user'] : ['role_user', 'role_user'],
      )
      expect(done.artifacts[0].parts[0].text).toBe('Generated text content')
    })

    it('streams events in its own form', async () => {
      const body = {
        jsonrpc: '2.0',
        id: 'mine',
        method: names['stream']?.[version],
        params: { message: messageOf(version, 'work-3') },
      }
      const stream = await openStream(gateway.url, `/a2a/${agent}`, { key: alice.key, body })
      expect(stream.response.headers['content-type']).toBe('text/event-stream')
      const events = dataOf(await stream.end) as Event[]
      expect(events.every(({ jsonrpc, id }) => jsonrpc === '2.0' && id === 'mine')).toBe(true)
      const kinds = events.map(({ result }) => result.kind ?? Object.keys(result)[0])
      expect(kinds).toEqual(
        version === '0.3'
          ? ['task', 'status-update', 'artifact-update', 'status-update']
          : ['task', 'statusUpdate', 'artifactUpdate', 'statusUpdate'],
      )
      if (version === '0.3')
        expect(events.map(({ result }) => result.final)).toEqual([undefined, false, undefined, true])
      else expect(events.at(-1)?.['result']).not.toHaveProperty('statusUpdate.final')
    })

    it('gets plain messages, and errors of the agent with their codes', async () => {
      const reply = (await send(agent, version, 'message-4')).json().result
      expect(version === '0.3' ? reply.parts[0] : reply.message.parts[0]).toMatchObject({
        text: 'Direct message response',
      })
      const error = (await send(agent, version, 'error-4')).json().error
      expect(error).toMatchObject({ code: -32005, message: 'No such media here' })
      if (version === '1.0') expect(error.data[0]).toMatchObject({ reason: 'CONTENT_TYPE_NOT_SUPPORTED' })
    })

    it('comes back to a stream it left, while the task went on', async () => {
      const body = {
        jsonrpc: '2.0',
        id: 1,
        method: names['stream']?.[version],
        params: { message: messageOf(version, 'long-5') },
      }
      const stream = await openStream(gateway.url, `/a2a/${agent}`, { key: alice.key, body })
      await waitUntil('it works', () => stream.text().includes('orking') || stream.text().includes('WORKING'))
      const first = (dataOf(stream.text())[0] as Event).result
      const { id } = first.task ?? first
      stream.leave()
      const again = await openStream(gateway.url, `/a2a/${agent}`, {
        key: alice.key,
        body: { jsonrpc: '2.0', id: 2, method: names['subscribe']?.[version], params: { id } },
      })
      await waitUntil('it is back', () => again.text() !== '')
      for (const each of [oldAgent, currentAgent]) each.finishLongTasks()
      expect(await again.end).toMatch(/completed/i)
    })
  })
})

describe('between callers', () => {
  it('a task is its owner’s alone, and looks unknown to others', async () => {
    const task = taskOf(await send('old', '1.0', 'ask-6'))
    const unknown = await ask('old', '1.0', 'get', { id: 'no-such-task' })
    for (const operation of ['get', 'cancel', 'subscribe']) {
      const foreign = await ask('old', '1.0', operation, { id: task.id }, bob.key)
      expect(foreign.json().error).toEqual(unknown.json().error)
    }
    const pushes = ['GetTaskPushNotificationConfig', 'ListTaskPushNotificationConfigs']
    const changes = ['CreateTaskPushNotificationConfig', 'DeleteTaskPushNotificationConfig']
    for (const method of [...pushes, ...changes]) {
      const params = { taskId: task.id, id: 'mine', url: 'https://example.org/' }
      expect((await rpc('old', method, params, bob.key)).json().error).toEqual(unknown.json().error)
    }
    const told = new RegExp(`"a2a.task.foreign".*"by":"caller".*"${task.id}"`)
    expect(gateway.stdout()).toMatch(told)
    const more = await send('old', '1.0', 'ask-6b', { taskId: task.id }, bob.key)
    expect(more.json().error.code).toBe(-32001)
    const context = await send('old', '1.0', 'ask-6c', { contextId: task.contextId }, bob.key)
    expect(context.json().error.code).toBe(-32602)
    expect((await ask('old', '1.0', 'list', {}, bob.key)).json().result.totalSize).toBe(0)
    const admin = await ask('old', '1.0', 'get', { id: task.id }, gateway.masterKey)
    expect(admin.json().result.id).toBe(task.id)
  })

  it('a listing is paged, and a page belongs to its caller and filter', async () => {
    const carol = await gateway.createKey({ user_id: 'carol' })
    for (const number of [1, 2, 3]) await send('current', '1.0', `work-7-${number}`, {}, carol.key)
    const page = (await ask('current', '1.0', 'list', { pageSize: 2 }, carol.key)).json().result
    expect([page.tasks.length, page.totalSize, page.tasks[0].artifacts]).toEqual([2, 3, undefined])
    const { nextPageToken: pageToken } = page
    const rest = (await ask('current', '1.0', 'list', { pageSize: 2, pageToken }, carol.key)).json().result
    expect([rest.tasks.length, rest.nextPageToken]).toEqual([1, ''])
    const foreign = await ask('current', '1.0', 'list', { pageToken }, alice.key)
    expect(foreign.json().error.code).toBe(-32602)
    const whole = await ask(
      'current',
      '1.0',
      'list',
      { includeArtifacts: true, status: 'TASK_STATE_COMPLETED' },
      carol.key,
    )
    expect(whole.json().result.tasks[0].artifacts).toHaveLength(1)
  })

  it('ownership survives a restart', async () => {
    const task = taskOf(await send('current', '1.0', 'ask-8'))
    await ask('current', '1.0', 'list', {})
    await gateway.restart('SIGKILL')
    expect((await ask('current', '1.0', 'get', { id: task.id })).json().result.id).toBe(task.id)
    expect((await ask('current', '1.0', 'get', { id: task.id }, bob.key)).json().error.code).toBe(-32001)
  })
})

describe('what reaches an agent', () => {
  it('is never the caller’s credential; static headers win, named ones go on', async () => {
    await call(gateway.url, '/a2a/current', {
      key: alice.key,
      headers: {
        'x-a2a-current-x-trace': 'abc',
        'x-a2a-current-authorization': `Bearer ${alice.key}`,
        'x-secret': 'mine',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      },
      body: {
        jsonrpc: '2.0',
        id: 1,
        method: 'SendMessage',
        params: { message: messageOf('1.0', 'message-9') },
      },
    })
    const headers = currentAgent.requests.at(-1)?.headers
    expect(JSON.stringify(headers)).not.toContain(alice.key)
    expect(headers).toMatchObject({
      'a2a-version': '1.0',
      'x-trace': 'abc',
      'x-secret': 'for the agent',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    })
    expect(headers?.authorization).toBeUndefined()
  })

  it('keeps unknown members where both speak the same version, and carries them where not', async () => {
    await ask('current', '1.0', 'send', {
      message: messageOf('1.0', 'work-10', { novelty: [1] }),
      strange: 2,
    })
    expect(currentAgent.requests.at(-1)?.body.params).toMatchObject({ message: { novelty: [1] }, strange: 2 })
    const crossed = taskOf(await send('old', '1.0', 'work-10', { novelty: [1] }))
    expect(oldAgent.requests.at(-1)?.body.params.message.metadata).toEqual({
      'routeiq/extra': { novelty: [1] },
    })
    expect(crossed.history[0].novelty).toEqual([1])
    expect(crossed.artifacts[0].metadata).toEqual({ 'routeiq/extra': { novelty: 'kept' } })
  })

  it('is in the other version after an agent without a card did not know the method', async () => {
    expect(taskOf(await send('bare', '0.3', 'work-11')).kind).toBe('task')
    expect(bareAgent.requests.map(({ body }) => body.method)).toEqual(['message/send', 'SendMessage'])
  })
})

describe('calls that fail', () => {
  it.each([
    ['hang-up', 'UPSTREAM_UNREACHABLE', -32603],
    ['broken', 'INVALID_AGENT_RESPONSE', -32006],
    ['html', 'UPSTREAM_ERROR', -32603],
    ['redirect', 'UPSTREAM_ERROR', -32603],
  ])('%s is %s', async (messageId, reason, code) => {
    const { error } = (await send('current', '1.0', messageId)).json()
    expect([error.code, error.data[0].reason]).toEqual([code, reason])
    expect(error.message).not.toMatch(/127\.0\.0\.1|169\.254/)
  })

  it('a dead agent says so without its address', async () => {
    const { error } = (await send('dead', '0.3', 'x')).json()
    expect(error).toMatchObject({ code: -32603, data: { reason: 'UPSTREAM_UNREACHABLE' } })
    expect(JSON.stringify(error)).not.toContain('127.0.0.1')
  })

  it('a slow agent is not waited for longer than its registration says', async () => {
    const { error } = (await send('hasty', '1.0', 'hang-1')).json()
    expect([error.code, error.data[0].reason]).toEqual([-32603, 'UPSTREAM_TIMEOUT'])
  })

  it('no agent is named by the address of all', async () => {
    const answer = await call(gateway.url, '/a2a', {
      key: alice.key,
      body: { jsonrpc: '2.0', id: 7, method: 'SendMessage', params: {} },
    })
    expect([answer.status, answer.json()]).toEqual([
      200,
      { jsonrpc: '2.0', id: 7, error: expect.objectContaining({ code: -32601 }) },
    ])
    expect(answer.json().error.message).toContain('/a2a/<agent>')
  })

  it('a request of more than 4 MiB is too large', async () => {
    const answer = await send('old', '0.3', 'large', { filler: 'x'.repeat(4_200_000) })
    expect([answer.status, answer.json().error.code]).toEqual([413, -32600])
  })

  it('a stream that is cut ends with an error event', async () => {
    const body = {
      jsonrpc: '2.0',
      id: 1,
      method: 'message/stream',
      params: { message: messageOf('0.3', 'cut-1') },
    }
    const stream = await openStream(gateway.url, '/a2a/old', { key: alice.key, body })
    const events = dataOf(await stream.end) as Event[]
    expect(events.at(-1)).toMatchObject({ id: 1, error: { code: -32603 } })
  })

  it.each([
    ['{"half', 400, -32700],
    ['[]', 200, -32600],
    [{ jsonrpc: '1.0', id: 1, method: 'message/send' }, 200, -32600],
    [{ jsonrpc: '2.0', id: 1 }, 200, -32600],
    [{ jsonrpc: '2.0', id: {}, method: 'message/send' }, 200, -32600],
    [{ jsonrpc: '2.0', id: 1, method: 'no/such' }, 200, -32601],
    [{ jsonrpc: '2.0', id: 1, method: 'message/send', params: [] }, 200, -32602],
    [{ jsonrpc: '2.0', id: 1, method: 'message/send', params: {} }, 200, -32602],
    [{ jsonrpc: '2.0', id: 1, method: 'tasks/get', params: { id: 5 } }, 200, -32602],
  ])('%j is answered with %i and %i', async (body, status, code) => {
    const answer = await call(gateway.url, '/a2a/old', {
      key: alice.key,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: body as object | string,
    })
    expect([answer.status, answer.json().error.code]).toEqual([status, code])
  })

  it('what is no request is a 400 for clients of 1.0', async () => {
    const answer = await call(gateway.url, '/a2a/old', {
      key: alice.key,
      headers: { 'a2a-version': '1.0' },
      body: { jsonrpc: '1.0' },
    })
    expect([answer.status, answer.json().error.code, answer.json().detail.error]).toEqual([
      400,
      -32600,
      'invalid_request',
    ])
    const form = { key: alice.key, headers: { 'content-type': 'text/plain' }, body: '{}' }
    expect((await call(gateway.url, '/a2a/old', form)).json().error.code).toBe(-32005)
  })

  it('an unknown agent is a 404 with the old code beside the new one; no key is a 401', async () => {
    const answer = await send('nobody', '0.3', 'x')
    expect([answer.status, answer.json().error]).toEqual([
      404,
      {
        code: -32000,
        message: 'Agent not found: nobody',
        data: { reason: 'AGENT_NOT_FOUND', legacyCode: -32002 },
      },
    ])
    const keyless = await call(gateway.url, '/a2a/old', { method: 'POST', body: {} })
    expect(keyless.status).toBe(401)
  })

  it('versions must agree with methods', async () => {
    const ask = (version: string, method: string) =>
      call(gateway.url, '/a2a/old', {
        key: alice.key,
        headers: { 'a2a-version': version },
        body: { jsonrpc: '2.0', id: 1, method, params: {} },
      })
    expect((await ask('2.0', 'SendMessage')).json().error.code).toBe(-32009)
    expect((await ask('1.0', 'message/send')).json().error.code).toBe(-32601)
    expect((await ask('1.0.7', 'SendMessage')).json().error.code).toBe(-32602)
    expect((await ask('', 'message/send')).json().error.code).toBe(-32602)
  })

  it.each([
    ['NoSuchMethod', {}, '1.0', -32601],
    ['no/such', {}, '0.3', -32601],
    ['NoSuchMethod', { 'a2a-version': '0.3' }, '0.3', -32601],
    ['SendMessage', { 'a2a-version': '2.0' }, '1.0', -32009],
    ['message/send', { 'a2a-version': '2.0' }, '0.3', -32009],
    ['SendMessage', { 'a2a-version': '' }, '0.3', -32601],
  ])('%s with %j is refused in the form of %s', async (method, headers, version, code) => {
    const body = { jsonrpc: '2.0', id: 1, method, params: {} }
    const answer = await call(gateway.url, '/a2a/old', { key: alice.key, headers, body })
    const { error } = answer.json()
    expect([answer.headers['a2a-version'], error.code]).toEqual([version, code])
    expect(Array.isArray(error.data)).toBe(version === '1.0')
  })

  it('calls that go in a circle end', async () => {
    const body = {
      jsonrpc: '2.0',
      id: 1,
      method: 'message/send',
      params: { message: messageOf('0.3', 'work-12') },
    }
    const answer = await call(gateway.url, '/a2a/old', {
      key: alice.key,
      headers: { 'x-routeiq-a2a-hops': '8' },
      body,
    })
    expect(answer.json().error.code).toBe(-32004)
  })
})

describe('limits of a key', () => {
  it('hold for messages to agents, too', async () => {
    const slow = await gateway.createKey({ rpm_limit: 1 })
    expect((await send('old', '1.0', 'work-l1', {}, slow.key)).status).toBe(200)
    const refused = await send('old', '1.0', 'work-l2', {}, slow.key)
    expect([refused.status, refused.json().error.data[0].reason]).toEqual([429, 'RATE_LIMITED'])
    expect(refused.headers['retry-after']).toMatch(/^\d+$/)
    const poor = await gateway.createKey({ max_budget: 0.3 })
    const answers = []
    for (const number of [1, 2, 3, 4]) answers.push(await send('old', '1.0', `work-b${number}`, {}, poor.key))
    expect(answers[0]?.status).toBe(200)
    expect([answers[3]?.status, answers[3]?.json().error.data[0].reason]).toEqual([429, 'BUDGET_EXCEEDED'])
  })
})

it('counts calls by agent and outcome', async () => {
  const { text } = await call(gateway.url, '/metrics', { key: gateway.masterKey })
  expect(text).toMatch(/^gateway_a2a_invocation_total\{agent="old",outcome="success"\} [1-9]/m)
  expect(text).toMatch(/^gateway_a2a_first_event_seconds_count\{agent="old"\} [1-9]/m)
  expect(text).toMatch(/^gateway_a2a_open_streams 0$/m)
  expect(text).toMatch(/^gateway_a2a_invocation_total\{agent="dead",outcome="upstream_unreachable"\} 1$/m)
})

it('the path of a stream wins over the method, as the published example has it', async () => {
  const body = {
    jsonrpc: '2.0',
    id: '1',
    method: 'message/send',
    params: { message: messageOf('0.3', 'work-13') },
  }
  for (const root of ['', '/v1']) {
    const stream = await openStream(gateway.url, `${root}/a2a/old/message/stream`, { key: alice.key, body })
    expect(dataOf(await stream.end)).toHaveLength(4)
  }
  const whole = await call(gateway.url, '/a2a/old/message/send', { key: alice.key, body })
  expect(taskOf(whole).kind).toBe('task')
})

it('writes each message to the ledger with its price, also that of a stream', async () => {
  const headers = { 'x-request-id': 'priced' }
  const body = {
    jsonrpc: '2.0',
    id: 1,
    method: 'message/stream',
    params: { message: messageOf('0.3', 'work-14') },
  }
  const stream = await openStream(gateway.url, '/a2a/old', { key: alice.key, headers, body })
  await stream.end
  gateway.kill('SIGTERM')
  await gateway.exited()
  const rows = await readSpendLogs(gateway.dataDir)
  expect(rows.filter((row) => row.request_id === 'priced')).toEqual([
    expect.objectContaining({
      status: 200,
      requested_model: 'a2a/old',
      cost_nano_usd: 250_000_000,
      key_hash: alice.token,
    }),
  ])
})
