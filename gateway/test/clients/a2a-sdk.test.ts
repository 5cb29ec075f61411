import { randomUUID } from 'node:crypto'
import { Role, TaskState } from '@a2a-js/sdk'
import {
  ClientFactory,
  DefaultAgentCardResolver,
  JsonRpcTransportFactory,
  RestTransportFactory,
} from '@a2a-js/sdk/client'
import {
  DefaultAgentCardResolver as OldCardResolver,
  ClientFactory as OldClientFactory,
  JsonRpcTransportFactory as OldTransportFactory,
} from 'a2a-sdk-v03/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ScriptedAgent, startScriptedAgent } from '../harness/scripted-agent.ts'
import { type Gateway, type IssuedKey, startGateway } from '../harness/start-gateway.ts'

let gateway: Gateway
let agents: ScriptedAgent[]
let key: IssuedKey

beforeAll(async () => {
  agents = [await startScriptedAgent('0.3'), await startScriptedAgent('1.0')]
  const [old, current] = agents
  gateway = await startGateway({
    config: {
      agent_list: [
        { agent_name: 'old', url: old?.url },
        { agent_name: 'current', url: current?.url },
      ],
    },
  })
  key = await gateway.createKey({})
})
afterAll(async () => {
  await gateway?.stop()
  await Promise.all((agents ?? []).map((agent) => agent.close()))
})

const fetchImpl: typeof fetch = (url, options) => {
  const headers = new Headers(options?.headers)
  headers.set('authorization', `Bearer ${key.key}`)
  return fetch(url, { ...options, headers })
}
const path = '.well-known/agent-card.json'

describe.each(['old', 'current'])('the agent %s', (agent) => {
  it.each([
    ['JSONRPC', false],
    ['HTTP+JSON', false],
    ['JSONRPC', true],
  ])('answers the client of 1.x over %s, one that knows 0.3 too: %s', async (protocol, enabled) => {
    const options = { fetchImpl, legacyCompat: { enabled } }
    const factory = new ClientFactory({
      transports: [new JsonRpcTransportFactory(options), new RestTransportFactory(options)],
      preferredTransports: [protocol],
      cardResolver: new DefaultAgentCardResolver(options),
    })
    const client = await factory.createFromUrl(`${gateway.url}/a2a/${agent}/`, path)
    const text = (messageId: string) => ({
      tenant: '',
      message: {
        messageId,
        contextId: '',
        taskId: '',
        role: Role.ROLE_USER,
        parts: [
          {
            content: { $case: 'text' as const, value: 'Hi' },
            metadata: undefined,
            filename: '',
            mediaType: '',
          },
        ],
        metadata: undefined,
        extensions: [],
        referenceTaskIds: [],
      },
      configuration: undefined,
      metadata: undefined,
    })
    const sent = await client.sendMessage(text(`work-${randomUUID()}`))
    if (!('id' in sent)) throw new Error('a task was expected')
    expect(sent.status?.state).toBe(TaskState.TASK_STATE_COMPLETED)
    expect(sent.artifacts[0]?.parts[0]?.content).toEqual({ $case: 'text', value: 'Generated text content' })
    const found = await client.getTask({ tenant: '', id: sent.id })
    expect(found.id).toBe(sent.id)
    const kinds: (string | undefined)[] = []
    for await (const event of client.sendMessageStream(text(`work-${randomUUID()}`)))
      kinds.push(event.payload?.$case)
    expect(kinds).toEqual(['task', 'statusUpdate', 'artifactUpdate', 'statusUpdate'])
    const asked = await client.sendMessage(text(`ask-${randomUUID()}`))
    if (!('id' in asked)) throw new Error('a task was expected')
    const canceled = await client.cancelTask({ tenant: '', id: asked.id, metadata: undefined })
    expect(canceled.status?.state).toBe(TaskState.TASK_STATE_CANCELED)
    await expect(client.getTask({ tenant: '', id: 'none' })).rejects.toThrow(/not found/i)
    const listed = await client.listTasks({
      ...{ tenant: '', contextId: asked.contextId, status: TaskState.TASK_STATE_UNSPECIFIED, pageToken: '' },
      statusTimestampAfter: undefined,
    })
    expect(listed.tasks.map(({ id }) => id)).toEqual([asked.id])
  })

  it('answers the client of 0.3', async () => {
    const factory = new OldClientFactory({
      transports: [new OldTransportFactory({ fetchImpl })],
      cardResolver: new OldCardResolver({ fetchImpl }),
    })
    const client = await factory.createFromUrl(`${gateway.url}/a2a/${agent}/`, path)
    const text = (messageId: string) => ({
      message: {
        kind: 'message' as const,
        messageId,
        role: 'user' as const,
        parts: [{ kind: 'text' as const, text: 'Hi' }],
      },
    })
    const sent = await client.sendMessage(text(`work-${randomUUID()}`))
    if (sent.kind !== 'task') throw new Error('a task was expected')
    expect([sent.status.state, sent.artifacts?.[0]?.parts[0]]).toEqual([
      'completed',
      expect.objectContaining({ kind: 'text', text: 'Generated text content' }),
    ])
    expect((await client.getTask({ id: sent.id })).id).toBe(sent.id)
    const kinds: string[] = []
    for await (const event of client.sendMessageStream(text(`work-${randomUUID()}`))) kinds.push(event.kind)
    expect(kinds).toEqual(['task', 'status-update', 'artifact-update', 'status-update'])
    const asked = await client.sendMessage(text(`ask-${randomUUID()}`))
    if (asked.kind !== 'task') throw new Error('a task was expected')
    expect((await client.cancelTask({ id: asked.id })).status.state).toBe('canceled')
    await expect(client.getTask({ id: 'none' })).rejects.toThrow(/not found/i)
  })
})
