import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'

// biome-ignore lint/suspicious/noExplicitAny: the agent reads and writes bodies of two versions
type Json = any

/** What the agent was asked, as it came. */
export interface AgentRequest {
  readonly headers: http.IncomingHttpHeaders
  readonly body: Json
  readonly path: string
}

/** An agent of one protocol version on 127.0.0.1 that does what a message says, by its id or by its text (`do: ask`). */
export interface ScriptedAgent {
  readonly url: string
  readonly requests: AgentRequest[]
  /** The messages that begin or continue tasks. */
  readonly version: '0.3' | '1.0'
  /** Ends the long tasks that streams wait for. */
  finishLongTasks(): void
  /** Knows none of its tasks any more. */
  forgetTasks(): void
  close(): Promise<void>
}

interface Task {
  readonly id: string
  readonly contextId: string
  state: string
  movedAt: string
  artifacts: Json[]
  readonly history: Json[]
  reply: string | null
  readonly watchers: Set<(event: Json, isLast: boolean) => void>
  readonly pushes: Map<string, Json>
}

const ended = new Set(['completed', 'canceled', 'failed', 'rejected'])

/** Starts an agent. `card` changes members of its card; null leaves it without one. */
export async function startScriptedAgent(
  version: '0.3' | '1.0',
  card: Record<string, unknown> | null = {},
): Promise<ScriptedAgent> {
  const requests: AgentRequest[] = []
  const tasks = new Map<string, Task>()
  const say = version === '0.3' ? old : current
  const server = http.createServer((request, response) => void answer(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  async function answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<Json> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    if (request.method === 'GET') {
      const isCard = card !== null && request.url === '/.well-known/agent-card.json'
      response.writeHead(isCard ? 200 : 404, { 'content-type': 'application/json' })
      response.end(isCard ? JSON.stringify({ ...say.card(url), ...card }) : '{}')
      return
    }
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8'))
    requests.push({ headers: request.headers, body, path: request.url ?? '' })
    const { 'a2a-extensions': extensions } = request.headers
    if (extensions !== undefined) response.setHeader('a2a-extensions', extensions)
    const send = (status: number, message: Json): Json => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ jsonrpc: '2.0', id: body.id, ...message }))
    }
    const operation = say.methods[body.method]
    if (operation === undefined) return send(200, { error: { code: -32601, message: 'Method not found' } })
    const params = body.params ?? {}
    if (operation === 'send' || operation === 'stream')
      return receive(operation, params, body, response, send)
    if (operation === 'extended-card')
      return send(200, { result: { ...say.card(url), ...card, extended: 'for those it knows' } })
    const task = tasks.get(params.taskId ?? params.id)
    if (task === undefined) return send(200, { error: { code: -32001, message: 'Task not found' } })
    if (operation === 'get') return send(200, { result: say.task(task, params.historyLength) })
    if (operation === 'cancel') {
      if (ended.has(task.state)) return send(200, { error: { code: -32002, message: 'Task is over' } })
      move(task, 'canceled')
      return send(200, { result: say.task(task) })
    }
    if (operation === 'set-push') {
      const config = params.pushNotificationConfig ?? params
      task.pushes.set(config.id ?? 'default', config)
      return send(200, { result: params })
    }
    if (ended.has(task.state))
      return send(200, { error: { code: -32004, message: 'A finished task has no stream' } })
    stream(response, body.id, task, [say.event('task', task)])
  }

  function receive(
    operation: string,
    params: Json,
    body: Json,
    response: http.ServerResponse,
    send: (status: number, message: Json) => unknown,
  ): Json {
    const { message, configuration } = params
    const id: string = /^do: (\S+)/.exec(message.parts[0]?.text ?? '')?.[1] ?? message.messageId
    const end = (status: number, head: http.OutgoingHttpHeaders, text: string): unknown =>
      response.writeHead(status, head).end(text)
    if (id.startsWith('hang-up')) response.destroy()
    if (id.startsWith('hang')) return
    if (id.startsWith('broken')) return end(200, { 'content-type': 'application/json' }, '{"half')
    if (id.startsWith('html')) return end(502, { 'content-type': 'text/html' }, '<p>no')
    if (id.startsWith('redirect')) return end(307, { location: 'http://169.254.169.254/' }, '')
    if (id.startsWith('error')) return send(200, { error: { code: -32005, message: 'No such media here' } })
    if (id.startsWith('tck-message-response') || id.startsWith('message')) {
      const reply = say.message({
        text: 'Direct message response',
        contextId: message.contextId ?? randomUUID(),
      })
      return send(200, { result: say.wrap('message', reply) })
    }
    const known = tasks.get(message.taskId)
    if (message.taskId !== undefined && known === undefined)
      return send(200, { error: { code: -32001, message: 'Task not found' } })
    if (known !== undefined && ended.has(known.state))
      return send(200, { error: { code: -32004, message: 'The task is over' } })
    const task: Task = known ?? {
      id: randomUUID(),
      contextId: message.contextId ?? randomUUID(),
      state: 'submitted',
      movedAt: new Date().toISOString(),
      artifacts: [],
      history: [],
      reply: null,
      watchers: new Set(),
      pushes: new Map(),
    }
    tasks.set(task.id, task)
    task.history.push({ ...message, taskId: task.id, contextId: task.contextId })
    const push = configuration?.pushNotificationConfig ?? configuration?.taskPushNotificationConfig
    if (push !== undefined) task.pushes.set(push.id ?? 'default', push)
    if (operation === 'send') {
      work(task, id)
      return send(200, { result: say.wrap('task', say.task(task, configuration?.historyLength)) })
    }
    stream(response, body.id, task, [say.event('task', task)])
    setImmediate(() => {
      move(task, 'working')
      if (id.startsWith('cut')) response.destroy()
      if (/^(?:cut|test-resubscribe|long)/.test(id)) return
      work(task, id)
    })
  }

  function work(task: Task, id: string): Json {
    const artifact = artifactFor(id, say)
    if (artifact !== null) {
      task.artifacts.push(artifact)
      for (const watch of [...task.watchers]) watch(say.event('artifact', task, artifact), false)
    }
    // Tasks of the kit of 0.3 stay open, so that it can go on with them.
    const staysOpen =
      /^(?:ask|tck-input-required|test-(?!resubscribe))|-test-|^(?:text|file|data|continuation)-/.test(id)
    if (id.startsWith('question')) {
      task.reply = 'Which one?'
      return move(task, 'input-required')
    }
    if (id.startsWith('fail')) {
      task.reply = 'There is no such flight.'
      return move(task, 'failed')
    }
    if (staysOpen) return move(task, 'input-required')
    if (id.startsWith('tck-reject-task')) return move(task, 'rejected')
    if (id.startsWith('long') || id.startsWith('test-resubscribe')) return move(task, 'working')
    task.reply = 'Hello from TCK'
    move(task, 'completed')
  }

  function move(task: Task, state: string): void {
    task.state = state
    task.movedAt = new Date().toISOString()
    const isLast = ended.has(state) || state === 'input-required'
    for (const watch of [...task.watchers]) watch(say.event('status', task), isLast)
    for (const config of task.pushes.values()) void push(config, say.push(task))
  }

  function stream(response: http.ServerResponse, id: Json, task: Task, first: Json[]): void {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const write = (event: Json): void =>
      void response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', id, result: event })}\n\n`)
    for (const event of first) write(event)
    const watch = (event: Json, isLast: boolean): void => {
      write(event)
      if (isLast) response.end()
    }
    task.watchers.add(watch)
    response.once('close', () => task.watchers.delete(watch))
  }

  return {
    url,
    requests,
    version,
    finishLongTasks: () => {
      for (const task of tasks.values()) if (task.state === 'working') move(task, 'completed')
    },
    forgetTasks: () => tasks.clear(),
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function push(config: Json, payload: Json): Promise<void> {
  await fetch(config.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(payload),
  }).catch(() => {})
}

function artifactFor(id: string, say: Speech): Json {
  const part = /artifact-file-url/.test(id)
    ? { url: 'https://example.com/output.txt', mediaType: 'text/plain', filename: 'output.txt' }
    : /artifact-file/.test(id)
      ? { raw: Buffer.from('file').toString('base64'), mediaType: 'text/plain', filename: 'output.txt' }
      : /artifact-data/.test(id)
        ? { data: { key: 'value', count: 42 } }
        : /artifact|stream-00[13]|ordering|^work/.test(id)
          ? { text: 'Generated text content' }
          : /^counted/.test(id)
            ? { text: 'Counted' }
            : null
  return part === null
    ? null
    : {
        artifactId: randomUUID(),
        parts: [say.part(part)],
        ...(id.startsWith('tck-') ? {} : { novelty: 'kept' }),
        ...(id.startsWith('counted')
          ? { metadata: { usage: { input_tokens: 100, output_tokens: 10 } } }
          : {}),
      }
}

interface Speech {
  readonly methods: Readonly<Record<string, string>>
  card(url: string): Json
  part(part: Json): Json
  message(message: { text: string; contextId: string; taskId?: string }): Json
  task(task: Task, historyLength?: number): Json
  wrap(name: 'task' | 'message', value: Json): Json
  event(name: 'task' | 'status' | 'artifact', task: Task, artifact?: Json): Json
  push(task: Task): Json
}

const skills = [
  { id: 'chat', name: 'Chat', description: 'Talks', tags: ['conversation'], examples: ['Hello'] },
]
const cardBase = {
  name: 'fixture',
  description: 'Does what it is told',
  version: '2.1.0',
  defaultInputModes: ['text/plain'],
  defaultOutputModes: ['text/plain'],
  skills,
  provider: { organization: 'Tests', url: 'https://example.org' },
  signatures: [{ protected: 'e30', signature: 'AA' }],
  novelty: { kept: true },
}
const cut = (history: Json[], length?: number): Json[] =>
  length === undefined ? history : length === 0 ? [] : history.slice(-length)

const old: Speech = {
  methods: {
    'message/send': 'send',
    'message/stream': 'stream',
    'tasks/get': 'get',
    'tasks/cancel': 'cancel',
    'tasks/resubscribe': 'subscribe',
    'tasks/pushNotificationConfig/set': 'set-push',
    'agent/getAuthenticatedExtendedCard': 'extended-card',
  },
  card: (url) => ({
    ...cardBase,
    url: `${url}/rpc`,
    protocolVersion: '0.3.0',
    preferredTransport: 'JSONRPC',
    capabilities: { streaming: true, pushNotifications: true },
  }),
  part: ({ text, data, raw, url, mediaType, filename }) =>
    text !== undefined
      ? { kind: 'text', text }
      : data !== undefined
        ? { kind: 'data', data }
        : {
            kind: 'file',
            file: { ...(raw ? { bytes: raw } : { uri: url }), mimeType: mediaType, name: filename },
          },
  message: ({ text, contextId, taskId }) => ({
    kind: 'message',
    messageId: randomUUID(),
    role: 'agent',
    parts: [{ kind: 'text', text }],
    contextId,
    ...(taskId === undefined ? {} : { taskId }),
  }),
  task: (task, historyLength) => ({
    kind: 'task',
    id: task.id,
    contextId: task.contextId,
    status: old.event('status', task).status,
    artifacts: task.artifacts,
    history: cut(task.history, historyLength),
  }),
  wrap: (_name, value) => value,
  event: (name, task, artifact) => {
    const base = { taskId: task.id, contextId: task.contextId }
    if (name === 'task') return old.task(task)
    if (name === 'artifact') return { kind: 'artifact-update', ...base, artifact, lastChunk: true }
    const message = task.reply === null ? {} : { message: old.message({ text: task.reply, ...base }) }
    const isLast = ended.has(task.state) || task.state === 'input-required'
    const status = { state: task.state, timestamp: task.movedAt, ...message }
    return { kind: 'status-update', ...base, status, final: isLast }
  },
  push: (task) => old.task(task),
}

const current: Speech = {
  methods: {
    SendMessage: 'send',
    SendStreamingMessage: 'stream',
    GetTask: 'get',
    CancelTask: 'cancel',
    SubscribeToTask: 'subscribe',
    CreateTaskPushNotificationConfig: 'set-push',
    GetExtendedAgentCard: 'extended-card',
  },
  card: (url) => ({
    ...cardBase,
    supportedInterfaces: [
      { url: `${url}/grpc`, protocolBinding: 'GRPC', protocolVersion: '1.0' },
      { url: `${url}/rpc`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
    ],
    capabilities: { streaming: true, pushNotifications: true },
  }),
  part: (part) => part,
  message: ({ text, contextId, taskId }) => ({
    messageId: randomUUID(),
    role: 'ROLE_AGENT',
    parts: [{ text }],
    contextId,
    ...(taskId === undefined ? {} : { taskId }),
  }),
  task: (task, historyLength) => ({
    id: task.id,
    contextId: task.contextId,
    status: current.event('status', task).statusUpdate.status,
    artifacts: task.artifacts,
    history: cut(task.history, historyLength),
  }),
  wrap: (name, value) => ({ [name]: value }),
  event: (name, task, artifact) => {
    const base = { taskId: task.id, contextId: task.contextId }
    if (name === 'task') return { task: current.task(task) }
    if (name === 'artifact') return { artifactUpdate: { ...base, artifact, lastChunk: true } }
    const message = task.reply === null ? {} : { message: current.message({ text: task.reply, ...base }) }
    const state = `TASK_STATE_${task.state.replace('-', '_').toUpperCase()}`
    return { statusUpdate: { ...base, status: { state, timestamp: task.movedAt, ...message } } }
  },
  push: (task) => current.event('status', task),
}
