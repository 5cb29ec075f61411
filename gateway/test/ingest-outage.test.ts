import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTcpRelay, type TcpRelay } from '../src/storage/testing/tcp-relay.ts'
import { createPostgresDatabase } from '../src/storage/testing/test-databases.ts'
import { findTestServices } from '../src/storage/testing/test-services.ts'
import { call } from './harness/call-gateway.ts'
import { type Gateway, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

const { databaseUrl } = await findTestServices()

let database: Awaited<ReturnType<typeof createPostgresDatabase>>
let relay: TcpRelay
let gateway: Gateway

beforeAll(async () => {
  if (databaseUrl === null) return
  database = await createPostgresDatabase(databaseUrl)
  relay = await openTcpRelay(database.url)
  gateway = await startGateway({ config: {}, env: { DATABASE_URL: relay.url } })
})
afterAll(async () => {
  await gateway?.stop()
  await relay?.close()
  await database?.drop()
})

it.skipIf(databaseUrl === null)(
  'refuses traces while the database is away and takes them afterwards, whole',
  async () => {
    const traces = Array.from({ length: 50 }, () => ({
      id: randomUUID(),
      agent_name: 'helper',
      active_skills: ['pdf'],
      eval_scores: [{ name: 'correct', passed: true }],
    }))
    const send = (body: object, path = '/api/v1/traces/batch') =>
      call(gateway.url, path, { key: gateway.masterKey, body })
    relay.cut()
    const refused = await send(traces)
    expect(refused.status).toBe(503)
    expect(refused.headers['retry-after']).toBe('1')
    expect(refused.json()).toMatchObject({
      code: 'storage_unavailable',
      detail: expect.stringContaining('try again'),
    })
    expect((await send(traces[0] ?? {}, '/api/v1/traces')).status).toBe(503)
    relay.restore()
    const taken = await waitUntil('the database is back', async () => {
      const answer = await send(traces)
      return answer.status === 200 && answer.json()
    })
    expect(taken).toMatchObject({ count: 50, errors: [] })
    const metrics = await call(gateway.url, '/metrics')
    expect(metrics.text).toContain('routeiq_skill_traces_total{outcome="stored"} 50')
    expect(metrics.text).toMatch(/routeiq_skill_traces_total\{outcome="failed"\} \d+/)
    const stats = await call(gateway.url, '/api/v1/traces/eval/stats', { key: gateway.masterKey })
    expect(stats.json()).toMatchObject({ total_traces: 50, total_evaluated: 50, pass_rate: 1 })
  },
)
