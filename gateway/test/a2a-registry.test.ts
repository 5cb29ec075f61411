import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { type ScriptedAgent, startScriptedAgent } from './harness/scripted-agent.ts'
import { type Gateway, type IssuedKey, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

// biome-ignore lint/suspicious/noExplicitAny: events of two versions, whose shape the tests then assert
type Event = any

let gateway: Gateway
let user: IssuedKey
let oldAgent: ScriptedAgent
let currentAgent: ScriptedAgent
const base = 'https://gateway.example.org/prefix'

beforeAll(async () => {
  oldAgent = await startScriptedAgent('0.3')
  currentAgent = await startScriptedAgent('1.0')
  gateway = await startGateway({
    config: {
      routeiq: { a2a: { identity_headers: true } },
      agent_list: [{ agent_name: 'configured', url: oldAgent.url, litellm_params: { make_public: true } }],
    },
    env: {
      A2A_GATEWAY_ENABLED: 'true',
      A2A_BASE_URL: base,
      LLMROUTER_OUTBOUND_HOST_ALLOWLIST: '127.0.0.1',
    },
  })
  user = await gateway.createKey({ user_id: 'alice' })
})
afterAll(async () => {
  await gateway?.stop()
  await Promise.all([oldAgent?.close(), currentAgent?.close()])
})

// The example of the API reference.
const support = {
  agent_name: 'my-agent',
  description: 'Agent for customer support',
  url: 'http://agent-service:8000/a2a',
  capabilities: ['chat', 'support'],
  agent_card_params: {},
  litellm_params: {},
}

const asAdmin = (path: string, options: object = {}) =>
  call(gateway.url, path, { key: gateway.masterKey, ...options })
const register = (body: object) => asAdmin('/a2a/agents', { body })
const list = async (query = '', key = gateway.masterKey) =>
  (await call(gateway.url, `/a2a/agents${query}`, { key })).json().agents as Record<string, unknown>[]

describe('the registry', () => {
  it('registers, lists, finds by capability, shows and removes, as the reference has it', async () => {
    const registered = (await register(support)).json()
    expect(registered).toEqual({
      status: 'registered',
      agent_id: expect.stringMatching(/^[0-9a-f]{64}$/),
      agent_name: 'my-agent',
      note: expect.any(String),
    })
    const { agent_id } = registered
    expect((await register(support)).json().agent_id).toBe(agent_id)
    const { agent_name, description, url } = support
    expect(await list()).toContainEqual(expect.objectContaining({ agent_id, agent_name, description, url }))
    expect(await list('?capability=chat')).toHaveLength(1)
    expect(await list('?capability=CHAT&capability=support')).toHaveLength(1)
    expect(await list('?capability=chat&capability=cooking')).toEqual([])
    expect((await list('', user.key)).find((agent) => agent['agent_id'] === agent_id)?.['url']).toBe(
      `${base}/a2a/my-agent`,
    )
    const removed = await asAdmin(`/a2a/agents/${agent_id}`, { method: 'DELETE' })
    expect(removed.json()).toMatchObject({ status: 'unregistered', agent_id, agent_name })
    const gone = await asAdmin(`/agents/${agent_id}`, { method: 'DELETE' })
    expect([gone.status, gone.json().detail]).toEqual([
      404,
      expect.objectContaining({ error: 'agent_not_found', code: -32002 }),
    ])
    const again = (await register(support)).json()
    expect((await asAdmin(`/agents/${again.agent_id}`, { method: 'DELETE' })).status).toBe(200)
  })

  it('keeps secrets to itself and survives a restart', async () => {
    const body = {
      ...support,
      litellm_params: { api_key: 'hidden-1' },
      static_headers: { 'x-key': 'hidden-2' },
    }
    const { agent_id } = (await register(body)).json()
    await gateway.restart('SIGKILL')
    const shown = (await asAdmin(`/a2a/agents/${agent_id}`)).text
    expect(shown).not.toContain('hidden')
    expect(JSON.parse(shown)).toMatchObject({
      litellm_params: { api_key: 'set' },
      static_headers: { 'x-key': 'set' },
    })
    await asAdmin(`/a2a/agents/${agent_id}`, { method: 'DELETE' })
  })

  it('keeps the secrets of a switch to itself, and says what it does not do', async () => {
    const kill_switch = {
      url: 'https://example.org/stop',
      method: 'POST',
      headers: { authorization: 'Bearer hidden-3' },
      body: { nested: ['hidden-4'] },
    }
    const body = {
      ...support,
      kill_switch,
      litellm_params: { guardrails: ['pii'], auth: { token: 'hidden-5' } },
    }
    const registered = (await register(body)).json()
    expect(registered.warnings).toEqual([
      'kill_switch is kept but not supported yet',
      'guardrails is kept but not supported yet',
    ])
    const path = `/v1/agents/${registered.agent_id}`
    const shown = await asAdmin(path)
    expect(shown.text).not.toContain('hidden')
    expect(shown.json()).toMatchObject({
      kill_switch: { url: kill_switch.url, headers: { authorization: 'set' }, body: { nested: ['set'] } },
      litellm_params: { auth: { token: 'set' } },
    })
    const other = { ...body, kill_switch: { ...kill_switch, headers: { authorization: 'another' } } }
    expect((await register(other)).json().agent_id).toBe(registered.agent_id)
    await asAdmin(path, { method: 'DELETE' })
  })

  it('keeps a secret that comes back as it was shown', async () => {
    const body = {
      agent_name: 'secretive',
      url: oldAgent.url,
      litellm_params: { api_key: 'hidden-6', auth: { token: 'hidden-7' } },
      static_headers: { 'x-key': 'hidden-8', 'x-other': 'hidden-9' },
      kill_switch: { url: 'https://example.org/stop', headers: { authorization: 'hidden-10' } },
      rpm_limit: 1_000,
    }
    const { agent_id } = (await register(body)).json()
    const path = `/a2a/agents/${agent_id}`
    const shown = (await asAdmin(path)).json()
    expect(JSON.stringify(shown)).not.toContain('hidden')
    const put = await asAdmin(path, {
      method: 'PUT',
      body: { ...shown, static_headers: { ...shown.static_headers, 'x-other': 'hidden-11' } },
    })
    expect(put.json().agent).toMatchObject({
      litellm_params: { api_key: 'set', auth: { token: 'set' } },
      kill_switch: { headers: { authorization: 'set' } },
      rpm_limit: 1_000,
    })
    const headersOf = async () => {
      await call(gateway.url, `/a2a/${agent_id}/message:send`, {
        key: user.key,
        body: { message: { messageId: 'work', role: 'ROLE_USER', parts: [{ text: 'x' }] } },
      })
      return oldAgent.requests.at(-1)?.headers
    }
    expect(await headersOf()).toMatchObject({ 'x-key': 'hidden-8', 'x-other': 'hidden-11' })
    const patch = { static_headers: { 'x-key': 'set', 'x-new': 'set' } }
    await asAdmin(`/v1/agents/${agent_id}`, { method: 'PATCH', body: patch })
    expect(await headersOf()).toMatchObject({ 'x-key': 'hidden-8', 'x-new': 'set' })
    expect(await headersOf()).not.toHaveProperty('x-other')
    await asAdmin(path, { method: 'DELETE' })
  })

  it('is written by who holds the permission, too', async () => {
    const writer = await gateway.createKey({ permissions: { 'a2a.agent.write': true } })
    const asWriter = (path: string, options: object = {}) =>
      call(gateway.url, path, { key: writer.key, ...options })
    const { agent_id } = (await asWriter('/a2a/agents', { body: support })).json()
    expect((await asWriter(`/v1/agents/${agent_id}`)).json().agent_card_params.url).toBe(support.url)
    const patched = await asWriter(`/v1/agents/${agent_id}`, {
      method: 'PATCH',
      body: { description: 'Changed' },
    })
    expect(patched.json()).toMatchObject({ description: 'Changed' })
    expect((await asWriter(`/a2a/agents/${agent_id}`, { method: 'DELETE' })).status).toBe(200)
  })

  it('changes an agent under its id, and keeps the old one when the new one is wrong', async () => {
    const { agent_id } = (await register(support)).json()
    const put = (body: object) => asAdmin(`/a2a/agents/${agent_id}`, { method: 'PUT', body })
    const refused = await put({ ...support, url: 'http://169.254.169.254/' })
    expect([refused.status, refused.json().detail.error]).toEqual([400, 'ssrf_blocked'])
    expect((await asAdmin('/a2a/agents/my-agent')).json().url).toBe(support.url)
    const changed = await put({ ...support, agent_name: 'renamed' })
    expect(changed.json()).toMatchObject({ status: 'updated', agent_id, agent: { agent_name: 'renamed' } })
    expect((await asAdmin('/a2a/agents/my-agent')).status).toBe(404)
    await asAdmin('/a2a/agents/renamed', { method: 'DELETE' })
  })

  it.each([
    [{ url: 'ftp://x' }, 400, 'invalid_url'],
    [{ url: 'http://10.0.0.8/' }, 400, 'ssrf_blocked'],
    [{ url: 'http://192.168.1.1/' }, 400, 'ssrf_blocked'],
    [{ url: 'http://localhost:1/' }, 400, 'ssrf_blocked'],
    [{ url: 'http://[::1]/' }, 400, 'ssrf_blocked'],
    [{ agent_name: 'configured' }, 409, 'agent_name_taken'],
  ])('refuses %j', async (change, status, error) => {
    const answer = await register({ ...support, ...change })
    expect([answer.status, answer.json().detail.error]).toEqual([status, error])
  })

  it('gives pages, and refuses what is no page', async () => {
    await register(support)
    const page = (await asAdmin('/a2a/agents?limit=1')).json()
    expect(page.agents).toHaveLength(1)
    const rest = (await asAdmin(`/a2a/agents?limit=1&cursor=${page.next_cursor}`)).json()
    expect([rest.agents[0].agent_name, rest.next_cursor]).toEqual(['my-agent', undefined])
    for (const limit of ['abc', '0', '-1'])
      expect((await asAdmin(`/a2a/agents?limit=${limit}`)).status).toBe(400)
    await asAdmin('/a2a/agents/my-agent', { method: 'DELETE' })
  })

  it('wants to know where an agent is', async () => {
    const { url: _, ...nowhere } = support
    const answer = await register(nowhere)
    expect([answer.status, answer.json().detail[0].loc]).toEqual([422, ['body', 'url']])
  })

  it('takes only sensible names, from admins', async () => {
    for (const agent_name of ['', 'a b', 'a/b', 'agents', 5])
      expect((await register({ ...support, agent_name })).status).toBe(422)
    const answer = await call(gateway.url, '/a2a/agents', { key: user.key, body: support })
    expect(answer.status).toBe(403)
    const managed = await asAdmin('/a2a/agents/configured', { method: 'DELETE' })
    expect([managed.status, managed.json().detail.error]).toEqual([409, 'config_managed'])
  })

  it('shows keys only the agents they name', async () => {
    const narrow = await gateway.createKey({ object_permission: { agents: ['other'] } })
    expect(await list('', narrow.key)).toEqual([])
    const answer = await call(gateway.url, '/a2a/configured', {
      key: narrow.key,
      body: { jsonrpc: '2.0', id: 1, method: 'tasks/get', params: { id: 'x' } },
    })
    expect(answer.status).toBe(404)
  })
})

describe('the registry as LiteLLM has it', () => {
  it('creates, lists, patches, publishes and deletes', async () => {
    const created = await asAdmin('/v1/agents', {
      body: {
        agent_name: 'parity',
        agent_card_params: {
          name: 'parity',
          description: 'From a card',
          url: currentAgent.url,
          version: '1',
        },
        litellm_params: { make_public: false, kill_switch: {} },
        rpm_limit: 2,
      },
    })
    const agent = created.json()
    expect(agent).toMatchObject({ agent_name: 'parity', description: 'From a card', rpm_limit: 2 })
    expect(agent.warnings).toEqual(['kill_switch is kept but not supported yet'])
    const all = (await asAdmin('/v1/agents')).json()
    expect(all.map((each: { agent_name: string }) => each.agent_name)).toEqual(['configured', 'parity'])
    const path = `/v1/agents/${agent.agent_id}`
    const patched = await asAdmin(path, { method: 'PATCH', body: { description: 'Patched' } })
    expect(patched.json()).toMatchObject({ agent_id: agent.agent_id, description: 'Patched', rpm_limit: 2 })
    expect((await call(gateway.url, '/a2a/parity/.well-known/agent-card.json')).status).toBe(401)
    await asAdmin(`${path}/make_public`, { method: 'POST', body: {} })
    const card = await call(gateway.url, '/a2a/parity/.well-known/agent-card.json')
    expect(card.json()).toMatchObject({ name: 'parity', description: 'From a card' })
  })

  it('holds the messages of a minute to the limit of the agent', async () => {
    const send = () =>
      call(gateway.url, '/a2a/parity', {
        key: user.key,
        body: {
          jsonrpc: '2.0',
          id: 1,
          method: 'SendMessage',
          params: { message: { messageId: 'work', role: 'ROLE_USER', parts: [{ text: 'x' }] } },
        },
      })
    const answers = [await send(), await send(), await send(), await send()]
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThanOrEqual(1)
    expect(refused[0]?.headers['retry-after']).toMatch(/^\d+$/)
    expect(refused[0]?.json().error.data[0]).toMatchObject({ reason: 'RATE_LIMITED' })
    await asAdmin('/v1/agents/parity', { method: 'DELETE' })
    expect((await asAdmin('/v1/agents/parity')).status).toBe(404)
  })
})

describe('cards', () => {
  const paths = [
    '/a2a/agents/configured/card',
    '/a2/a/agents/configured/card',
    '/a2a/configured/.well-known/agent-card.json',
    '/a2a/configured/.well-known/agent.json',
    '/v1/a2a/configured/.well-known/agent-card.json',
  ]
  const url = `${base}/a2a/configured`

  it('are the same at every address, and public for a public agent', async () => {
    const cards = await Promise.all(paths.map((path) => call(gateway.url, path)))
    expect(new Set(cards.map(({ text }) => text)).size).toBe(1)
    expect(new Set(cards.map(({ headers }) => headers['etag'])).size).toBe(1)
    const [first] = cards
    expect(first?.headers['vary']).toBe('A2A-Version, Authorization')
    const known = await call(gateway.url, paths[0] ?? '', {
      headers: { 'if-none-match': first?.headers['etag'] ?? '' },
    })
    expect([known.status, known.text]).toEqual([304, ''])
  })

  it('tell of the gateway in place of the agent and keep the rest', async () => {
    const card = (await call(gateway.url, paths[0] ?? '')).json()
    expect(card).toMatchObject({
      name: 'configured',
      description: 'Does what it is told',
      url,
      protocolVersion: '0.3.0',
      novelty: { kept: true },
      skills: [expect.objectContaining({ id: 'chat' })],
      capabilities: { streaming: true, pushNotifications: true },
    })
    expect(card.supportedInterfaces.map((entry: { url: string }) => entry.url)).toEqual([url, url, url])
    expect(card.signatures).toEqual([{ protected: expect.any(String), signature: expect.any(String) }])
    expect(card.signatures[0].signature).not.toBe('AA')
    expect(JSON.stringify(card)).not.toContain('127.0.0.1')
  })

  it('come in the version that is asked for', async () => {
    const card = async (version: string) =>
      (await call(gateway.url, paths[0] ?? '', { headers: { 'a2a-version': version } })).json()
    expect(Object.keys(await card('1.0'))).not.toContain('url')
    expect(Object.keys(await card('0.3'))).not.toContain('supportedInterfaces')
    expect(Object.keys(await card('7.0'))).toEqual(expect.arrayContaining(['url', 'supportedInterfaces']))
    const byQuery = await call(gateway.url, `${paths[0]}?A2A-Version=1.0`)
    expect(byQuery.json().url).toBeUndefined()
  })

  it('are found by what the card says too', async () => {
    expect((await list('?capability=conversation')).map(({ agent_name }) => agent_name)).toEqual([
      'configured',
    ])
  })

  it('may be read by pages of any site, with a version, where they are public', async () => {
    const origin = 'https://page.example'
    const asked = {
      origin,
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'a2a-version, authorization',
    }
    for (const path of [...paths, '/.well-known/agent-card.json', '/.well-known/a2a-jwks.json']) {
      const preflight = await call(gateway.url, path, { method: 'OPTIONS', headers: asked })
      expect([path, preflight.status, preflight.headers]).toEqual([
        path,
        204,
        expect.objectContaining({
          'access-control-allow-origin': '*',
          'access-control-allow-methods': 'GET',
          'access-control-allow-headers': 'a2a-version, authorization',
        }),
      ])
      const card = await call(gateway.url, path, { headers: { origin } })
      expect(card.headers).toMatchObject({
        'access-control-allow-origin': '*',
        'access-control-expose-headers': expect.stringContaining('ETag'),
      })
      expect(card.headers['access-control-allow-credentials']).toBeUndefined()
    }
    await register(support)
    const own = await call(gateway.url, '/a2a/my-agent/.well-known/agent.json', {
      key: user.key,
      headers: { origin },
    })
    expect([own.status, own.headers['access-control-allow-origin']]).toEqual([200, undefined])
    await asAdmin('/a2a/agents/my-agent', { method: 'DELETE' })
    const post = { ...asked, 'access-control-request-method': 'POST' }
    expect((await call(gateway.url, '/a2a/configured', { method: 'OPTIONS', headers: post })).status).toBe(
      405,
    )
  })

  it('answer HEAD like GET', async () => {
    const [get, head] = await Promise.all(
      ['GET', 'HEAD'].map((method) => call(gateway.url, paths[0] ?? '', { method })),
    )
    expect([head?.status, head?.text, head?.headers['etag']]).toEqual([200, '', get?.headers['etag']])
  })

  it('list the agents of the gateway, and no way to call it that is not there', async () => {
    const own = (await call(gateway.url, '/.well-known/agent-card.json')).json()
    expect(own).toMatchObject({ name: 'RouteIQ', url: `${base}/a2a` })
    const ways = own.supportedInterfaces.map(({ protocolBinding }: Event) => protocolBinding)
    expect(ways).toEqual(['JSONRPC', 'JSONRPC'])
    expect(own.skills.map((skill: { id: string }) => skill.id)).toEqual(['configured'])
  })
})

describe('push notifications', () => {
  it('go through the gateway, in the version of the client, with its token', async () => {
    const received: { headers: Record<string, unknown>; body: Event }[] = []
    const webhook = createServer(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      received.push({ headers: request.headers, body: JSON.parse(Buffer.concat(chunks).toString()) })
      response.end()
    }).listen(0, '127.0.0.1')
    await waitUntil('it listens', () => webhook.listening)
    const target = `http://127.0.0.1:${(webhook.address() as AddressInfo).port}/news`
    const rpc = async (method: string, params: object) =>
      (
        await call(gateway.url, '/a2a/configured', {
          key: user.key,
          body: { jsonrpc: '2.0', id: 1, method, params },
        })
      ).json()
    const begun = await rpc('SendMessage', {
      message: { messageId: 'ask', role: 'ROLE_USER', parts: [{ text: 'x' }] },
    })
    const taskId = begun.result.task.id
    const config = {
      taskId,
      id: 'mine',
      url: target,
      token: 'secret-token',
      authentication: { scheme: 'Bearer', credentials: 'abc' },
    }
    const set = await rpc('CreateTaskPushNotificationConfig', config)
    expect(set.result).toEqual({ taskId, id: 'mine', url: target, authentication: { scheme: 'Bearer' } })
    const sent = oldAgent.requests.at(-1)?.body.params.pushNotificationConfig
    expect(sent.url).toMatch(new RegExp(`^${base}/a2a/[0-9a-f]{64}/push/[\\w-]{43}$`))
    expect(JSON.stringify(oldAgent.requests)).not.toContain('secret-token')
    expect((await rpc('ListTaskPushNotificationConfigs', { taskId })).result.configs).toHaveLength(1)
    expect(
      (await rpc('tasks/pushNotificationConfig/get', { id: taskId })).result.pushNotificationConfig.url,
    ).toBe(target)

    const callback = new URL(sent.url).pathname.replace('/prefix', '')
    const news = { kind: 'task', id: taskId, contextId: 'c', status: { state: 'completed' } }
    expect((await call(gateway.url, callback, { body: { ...news, id: 'other' } })).status).toBe(404)
    expect((await call(gateway.url, `${callback}x`, { body: news })).status).toBe(404)
    expect((await call(gateway.url, callback, { body: news })).status).toBe(200)
    await waitUntil('it arrives', () => received.length > 0)
    expect(received[0]?.body).toMatchObject({
      task: { id: taskId, status: { state: 'TASK_STATE_COMPLETED' } },
    })
    expect(received[0]?.headers).toMatchObject({
      authorization: 'Bearer abc',
      'x-a2a-notification-token': 'secret-token',
    })
    const { contextId } = begun.result.task
    const completed = await rpc('ListTasks', { contextId, status: 'TASK_STATE_COMPLETED' })
    expect(completed.result.totalSize).toBe(1)
    const { text } = await call(gateway.url, '/metrics', { key: gateway.masterKey })
    expect(text).toMatch(/^gateway_a2a_push_total\{outcome="delivered"\} 1$/m)
    const addresses = ['http://10.1.1.1/', 'https://localhost/', `${base}/a2a/agents`, 'no address']
    for (const url of addresses) {
      const refused = await rpc('CreateTaskPushNotificationConfig', { ...config, url })
      expect([url, refused.error.code]).toEqual([url, -32602])
    }
    await rpc('DeleteTaskPushNotificationConfig', { taskId, id: 'mine' })
    expect((await rpc('ListTaskPushNotificationConfigs', { taskId })).result.configs).toEqual([])
    expect((await call(gateway.url, callback, { body: news })).status).toBe(404)
    webhook.close()
  })

  it('end with the key they were set with, and pause while it is blocked', async () => {
    const received: string[] = []
    const webhook = createServer((request, response) => {
      received.push(request.url ?? '')
      response.end()
    }).listen(0, '127.0.0.1')
    await waitUntil('it listens', () => webhook.listening)
    const owner = await gateway.createKey({ user_id: 'alice' })
    const rpc = async (method: string, params: object, { key }: IssuedKey) =>
      (
        await call(gateway.url, '/a2a/configured', {
          ...{ key, body: { jsonrpc: '2.0', id: 1, method, params } },
        })
      ).json()
    const message = { messageId: 'ask', role: 'ROLE_USER', parts: [{ text: 'x' }] }
    const taskId = (await rpc('SendMessage', { message }, owner)).result.task.id
    const url = `http://127.0.0.1:${(webhook.address() as AddressInfo).port}/news`
    await rpc('CreateTaskPushNotificationConfig', { taskId, id: 'mine', url }, owner)
    const sent = oldAgent.requests.at(-1)?.body.params.pushNotificationConfig
    const callback = new URL(sent.url).pathname.replace('/prefix', '')
    const news = { kind: 'task', id: taskId, contextId: 'c', status: { state: 'working' } }
    const tell = async () => (await call(gateway.url, callback, { body: news })).status
    const change = (path: string, body: object) => asAdmin(path, { body })
    expect(await tell()).toBe(200)
    await change('/key/block', { key: owner.token })
    expect(await tell()).toBe(404)
    await change('/key/unblock', { key: owner.token })
    expect(await tell()).toBe(200)
    await change('/key/update', { key: owner.token, object_permission: { agents: ['other'] } })
    expect(await tell()).toBe(404)
    await change('/key/update', { key: owner.token, object_permission: {} })
    await change('/key/delete', { keys: [owner.token] })
    expect(await tell()).toBe(404)
    const left = await rpc('ListTaskPushNotificationConfigs', { taskId }, user)
    expect(left.result.configs).toEqual([])
    await waitUntil('both are there', () => received.length >= 2)
    expect(received).toHaveLength(2)
    webhook.close()
  })
})

it('does what each example of the API reference says, in order', async () => {
  const authorization = `Bearer ${gateway.masterKey}`
  const ask = (method: string, path: string, body?: object) =>
    call(gateway.url, path, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body }),
    })
  const registered = await ask('POST', '/a2a/agents', { ...support, url: oldAgent.url })
  expect(registered.status).toBe(200)
  const { agent_id } = registered.json()
  const { agent_name, description } = support
  const row = { agent_id, agent_name, description, url: oldAgent.url }
  for (const path of ['/a2a/agents', '/a2a/agents?capability=chat'])
    expect((await ask('GET', path)).json().agents).toContainEqual(expect.objectContaining(row))
  const card = await ask('GET', `/a2/a/agents/${agent_id}/card`)
  expect(card.json()).toMatchObject({ name: agent_name, url: `${base}/a2a/${agent_name}` })
  const message = { kind: 'message', messageId: 'work', role: 'user', parts: [{ kind: 'text', text: 'x' }] }
  const streamed = await ask('POST', `/a2a/${agent_id}/message/stream`, {
    ...{ jsonrpc: '2.0', method: 'message/send', id: '1', params: { message } },
  })
  expect(streamed.headers['content-type']).toBe('text/event-stream')
  const events = [...streamed.text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data ?? ''))
  expect(events.map(({ id, result }) => [id, result.kind])).toEqual([
    ['1', 'task'],
    ['1', 'status-update'],
    ['1', 'artifact-update'],
    ['1', 'status-update'],
  ])
  const removed = await ask('DELETE', `/a2a/agents/${agent_id}`)
  expect(removed.json()).toMatchObject({ status: 'unregistered', agent_id })
})

it('agents are told who calls where the operator wants that', async () => {
  await call(gateway.url, '/a2a/configured/message:send', {
    key: user.key,
    headers: { 'x-litellm-user-id': 'somebody else', 'x-request-id': 'told' },
    body: { message: { messageId: 'work', role: 'ROLE_USER', parts: [{ text: 'x' }] } },
  })
  expect(oldAgent.requests.at(-1)?.headers).toMatchObject({
    'x-litellm-user-id': 'alice',
    'x-litellm-trace-id': 'told',
    'x-litellm-agent-id': expect.stringMatching(/^[0-9a-f]{64}$/),
  })
})

describe('HTTP+JSON', () => {
  const rest = (path: string, options: object = {}) =>
    call(gateway.url, `/a2a/configured${path}`, { key: user.key, ...options })
  const message = { messageId: 'ask', role: 'ROLE_USER', parts: [{ text: 'x' }] }

  it('does what JSON-RPC does', async () => {
    const { task } = (await rest('/message:send', { body: { message } })).json()
    expect(task.status.state).toBe('TASK_STATE_INPUT_REQUIRED')
    expect((await rest(`/tasks/${task.id}?historyLength=0`)).json()).toMatchObject({
      id: task.id,
      history: [],
    })
    expect((await rest('/tasks?pageSize=1')).json()).toMatchObject({ pageSize: 1 })
    const canceled = await rest(`/tasks/${task.id}:cancel`, { method: 'POST', body: {} })
    expect(canceled.json().status.state).toBe('TASK_STATE_CANCELED')
    const streamed = await rest('/message:stream', { body: { message: { ...message, messageId: 'work' } } })
    expect(streamed.headers['content-type']).toBe('text/event-stream')
    expect(streamed.text.match(/^data: \{"(task|statusUpdate|artifactUpdate)"/gm)).toHaveLength(4)
  })

  it('refuses in its own form', async () => {
    const unknown = await rest('/tasks/none')
    expect([unknown.status, unknown.json()]).toEqual([
      404,
      { error: { code: 404, status: 'NOT_FOUND', message: 'Task not found', details: [expect.anything()] } },
    ])
    const form = await rest('/message:send', { body: 'a=b', headers: { 'content-type': 'text/plain' } })
    expect([form.status, form.json().error.details[0].reason]).toEqual([415, 'CONTENT_TYPE_NOT_SUPPORTED'])
    const version = await rest('/tasks', { headers: { 'a2a-version': '0.3' } })
    expect(version.json().error.details[0].reason).toBe('VERSION_NOT_SUPPORTED')
  })
})

it('is not there without being switched on', async () => {
  const off = await startGateway({ config: {} })
  try {
    for (const path of [
      '/a2a/agents',
      '/v1/agents',
      '/a2a/x/.well-known/agent.json',
      '/.well-known/agent-card.json',
    ]) {
      const answer = await call(off.url, path, { key: off.masterKey })
      expect([path, answer.status, answer.json().detail.error]).toEqual([path, 404, 'a2a_gateway_disabled'])
    }
  } finally {
    await off.stop()
  }
})
