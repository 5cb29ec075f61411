import { afterAll, beforeAll, expect, it } from 'vitest'
import { createPostgresDatabase } from '../src/storage/testing/test-databases.ts'
import { findTestServices } from '../src/storage/testing/test-services.ts'
import { call } from './harness/call-gateway.ts'
import { openStream } from './harness/read-stream.ts'
import { type ScriptedAgent, startScriptedAgent } from './harness/scripted-agent.ts'
import { type Gateway, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

const { databaseUrl } = await findTestServices()
let database: { url: string; drop(): Promise<void> }
let replicas: Gateway[] = []
let agent: ScriptedAgent

beforeAll(async () => {
  if (databaseUrl === null) return
  agent = await startScriptedAgent('1.0')
  database = await createPostgresDatabase(databaseUrl)
  const env = {
    ...{ DATABASE_URL: database.url, A2A_GATEWAY_ENABLED: 'true' },
    LLMROUTER_OUTBOUND_HOST_ALLOWLIST: '127.0.0.1',
  }
  for (const _ of [1, 2]) replicas.push(await startGateway({ config: {}, env }))
})
afterAll(async () => {
  await Promise.all(replicas.map((replica) => replica.stop()))
  replicas = []
  await agent?.close()
  await database?.drop()
})

it.skipIf(databaseUrl === null)(
  'replicas that share nothing but the database know the same agents and owners',
  async () => {
    const [one, two] = replicas as [Gateway, Gateway]
    const { key } = await one.createKey({ user_id: 'alice' })
    const other = await one.createKey({ user_id: 'bob' })
    const ask = (replica: Gateway, method: string, params: object, as = key) =>
      call(replica.url, '/a2a/shared', { key: as, body: { jsonrpc: '2.0', id: 1, method, params } })
    await call(one.url, '/a2a/agents', {
      key: one.masterKey,
      body: { agent_name: 'shared', url: agent.url },
    })
    const isThere = async (): Promise<boolean> =>
      (await call(two.url, '/a2a/agents/shared', { key: two.masterKey })).status === 200
    await waitUntil('the other replica has it', isThere)
    const message = { messageId: 'ask', role: 'ROLE_USER', parts: [{ text: 'x' }] }
    const { task } = (await ask(one, 'SendMessage', { message })).json().result
    expect((await ask(two, 'GetTask', { id: task.id })).json().result.id).toBe(task.id)
    expect((await ask(two, 'GetTask', { id: task.id }, other.key)).json().error.code).toBe(-32001)
    const stream = await openStream(two.url, '/a2a/shared', {
      key,
      body: { jsonrpc: '2.0', id: 1, method: 'SubscribeToTask', params: { id: task.id } },
    })
    await waitUntil('the task is told of', () => stream.text().includes(task.id))
    stream.leave()
    expect((await ask(two, 'ListTasks', {})).json().result.totalSize).toBe(1)
    await two.restart('SIGKILL')
    await waitUntil('it is back', async () => (await ask(two, 'ListTasks', {})).status === 200, 30_000)
    expect((await ask(two, 'GetTask', { id: task.id })).json().result.id).toBe(task.id)
    expect((await ask(two, 'GetTask', { id: task.id }, other.key)).json().error.code).toBe(-32001)
    await call(two.url, '/a2a/agents/shared', { key: two.masterKey, method: 'DELETE' })
    const isGone = async (): Promise<boolean> => (await ask(one, 'GetTask', { id: task.id })).status === 404
    await waitUntil('the first one has forgotten it', isGone)
  },
)
