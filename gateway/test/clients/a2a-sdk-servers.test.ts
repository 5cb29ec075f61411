import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { AgentCard, Role, Task, TaskState } from '@a2a-js/sdk'
import {
  AgentEvent,
  DefaultRequestHandler,
  InMemoryTaskStore,
  JsonRpcTransportHandler,
  ServerCallContext,
} from '@a2a-js/sdk/server'
import {
  DefaultRequestHandler as OldRequestHandler,
  InMemoryTaskStore as OldTaskStore,
  JsonRpcTransportHandler as OldTransportHandler,
} from 'a2a-sdk-v03/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../harness/call-gateway.ts'
import { dataOf, openStream } from '../harness/read-stream.ts'
import { type Gateway, type IssuedKey, startGateway } from '../harness/start-gateway.ts'

type Answer = object | AsyncGenerator<object, void, undefined>
type Handle = (body: Record<string, unknown>) => Promise<Answer>

/** The official server without a web framework: what `handle` gives is written as JSON or as events. */
async function serve(cardOf: (url: string) => object, handlerOf: (card: object) => Handle) {
  const server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    if (request.method === 'GET') {
      const isCard = request.url === '/.well-known/agent-card.json'
      response.writeHead(isCard ? 200 : 404).end(isCard ? JSON.stringify(cardOf(url)) : '')
      return
    }
    const answer = await handle(JSON.parse(Buffer.concat(chunks).toString('utf8')))
    if (!(Symbol.asyncIterator in answer)) {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
      return
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for await (const event of answer) response.write(`data: ${JSON.stringify(event)}\n\n`)
    response.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const handle = handlerOf(cardOf(url))
  return { url, close: () => server.close() }
}

const described = {
  name: 'official',
  description: 'Answers',
  version: '1.0.0',
  defaultInputModes: ['text/plain'],
  defaultOutputModes: ['text/plain'],
  skills: [],
}

function serveOld() {
  const cardOf = (url: string) => ({
    ...described,
    ...{ url: `${url}/`, protocolVersion: '0.3.0', preferredTransport: 'JSONRPC' },
    capabilities: { streaming: true },
  })
  return serve(cardOf, (card) => {
    const handler = new OldRequestHandler(card as ReturnType<typeof cardOf>, new OldTaskStore(), {
      execute: async ({ taskId, contextId, userMessage }, bus) => {
        const base = { taskId, contextId }
        bus.publish({
          ...{ kind: 'task', id: taskId, contextId, history: [userMessage] },
          status: { state: 'submitted' },
        })
        const [part] = userMessage.parts
        const isQuestion = part?.kind === 'text' && part.text.startsWith('ask')
        const artifact = { artifactId: 'a', parts: [{ kind: 'text' as const, text: 'Done' }] }
        if (!isQuestion) bus.publish({ kind: 'artifact-update', ...base, artifact })
        const state = isQuestion ? 'input-required' : 'completed'
        bus.publish({ kind: 'status-update', ...base, status: { state }, final: true })
        bus.finished()
      },
      cancelTask: async (taskId, bus) => {
        const status = { state: 'canceled' as const }
        bus.publish({ kind: 'status-update', taskId, contextId: 'c', status, final: true })
        bus.finished()
      },
    })
    const transport = new OldTransportHandler(handler)
    return async (body) => (await transport.handle(body)) as Answer
  })
}

function serveCurrent() {
  const cardOf = (url: string) => ({
    ...described,
    supportedInterfaces: [{ url: `${url}/`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
    capabilities: { streaming: true },
  })
  return serve(cardOf, (card) => {
    const statusOf = (state: TaskState) => ({ state, message: undefined, timestamp: undefined })
    const handler = new DefaultRequestHandler(AgentCard.fromJSON(card), new InMemoryTaskStore(), {
      execute: async ({ taskId, contextId, userMessage }, bus) => {
        const base = { taskId, contextId, metadata: undefined }
        const status = statusOf(TaskState.TASK_STATE_SUBMITTED)
        bus.publish(AgentEvent.task({ ...Task.fromJSON({ id: taskId, contextId }), status }))
        const content = userMessage.parts[0]?.content
        const isQuestion = content?.$case === 'text' && content.value.startsWith('ask')
        const part = { content: { $case: 'text' as const, value: 'Done' }, metadata: undefined }
        const artifact = {
          ...{ artifactId: 'a', name: '', description: '', metadata: undefined, extensions: [] },
          parts: [{ ...part, filename: '', mediaType: '' }],
        }
        if (!isQuestion)
          bus.publish(AgentEvent.artifactUpdate({ ...base, artifact, append: false, lastChunk: true }))
        const state = isQuestion ? TaskState.TASK_STATE_INPUT_REQUIRED : TaskState.TASK_STATE_COMPLETED
        bus.publish(AgentEvent.statusUpdate({ ...base, status: statusOf(state) }))
        bus.finished()
      },
      cancelTask: async (taskId, bus) => {
        const status = statusOf(TaskState.TASK_STATE_CANCELED)
        bus.publish(AgentEvent.statusUpdate({ taskId, contextId: 'c', status, metadata: undefined }))
        bus.finished()
      },
    })
    const transport = new JsonRpcTransportHandler(handler)
    const context = new ServerCallContext({ requestedVersion: '1.0' })
    return async (body) => (await transport.handle(body, context)) as Answer
  })
}

let gateway: Gateway
let key: IssuedKey
let servers: Awaited<ReturnType<typeof serve>>[]

beforeAll(async () => {
  servers = [await serveOld(), await serveCurrent()]
  const [old, current] = servers
  const agent_list = [
    { agent_name: 'old', url: old?.url },
    { agent_name: 'current', url: current?.url },
  ]
  gateway = await startGateway({ config: { agent_list } })
  key = await gateway.createKey({})
})
afterAll(async () => {
  await gateway?.stop()
  for (const server of servers ?? []) server.close()
})

const messageOf = (version: string, text: string) =>
  version === '0.3'
    ? { kind: 'message', messageId: `m-${text}`, role: 'user', parts: [{ kind: 'text', text }] }
    : { messageId: `m-${text}`, role: Role[Role.ROLE_USER], parts: [{ text }] }
const names: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '0.3': { send: 'message/send', stream: 'message/stream', get: 'tasks/get', cancel: 'tasks/cancel' },
  '1.0': { send: 'SendMessage', stream: 'SendStreamingMessage', get: 'GetTask', cancel: 'CancelTask' },
}

describe.each(['old', 'current'])('the official server of the %s line', (agent) => {
  it.each(['0.3', '1.0'])('serves clients of %s', async (version) => {
    const bodyOf = (operation: string, params: object) => ({
      ...{ jsonrpc: '2.0', id: 1, method: names[version]?.[operation], params },
    })
    const ask = async (operation: string, params: object) => {
      const answer = await call(gateway.url, `/a2a/${agent}`, {
        key: key.key,
        body: bodyOf(operation, params),
      })
      return answer.json().result
    }
    const sent = await ask('send', { message: messageOf(version, 'work') })
    const done = version === '0.3' ? sent : sent.task
    expect(done.status.state).toMatch(/completed/i)
    expect(done.artifacts[0].parts[0].text).toBe('Done')
    expect((await ask('get', { id: done.id })).id).toBe(done.id)
    const stream = await openStream(gateway.url, `/a2a/${agent}`, {
      key: key.key,
      body: bodyOf('stream', { message: messageOf(version, 'work') }),
    })
    // biome-ignore lint/suspicious/noExplicitAny: events of two versions
    const events = (dataOf(await stream.end) as any[]).map(
      ({ result }) => result.kind ?? Object.keys(result)[0],
    )
    expect(events).toEqual(
      version === '0.3'
        ? ['task', 'artifact-update', 'status-update']
        : ['task', 'artifactUpdate', 'statusUpdate'],
    )
    const asked = await ask('send', { message: messageOf(version, 'ask') })
    const { id } = version === '0.3' ? asked : asked.task
    expect((await ask('cancel', { id })).status.state).toMatch(/canceled/i)
  })
})
