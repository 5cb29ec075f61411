import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTcpRelay, type TcpRelay } from '../../src/storage/testing/tcp-relay.ts'
import { createPostgresDatabase } from '../../src/storage/testing/test-databases.ts'
import { findTestServices } from '../../src/storage/testing/test-services.ts'
import { call } from '../harness/call-gateway.ts'
import { type Gateway, startGateway } from '../harness/start-gateway.ts'
import { waitUntil } from '../harness/wait-until.ts'

const { databaseUrl } = await findTestServices()

describe.skipIf(databaseUrl === null)('the Skill Router without its database', () => {
  let relay: TcpRelay
  let drop: () => Promise<void>
  let gateway: Gateway
  let key: string

  const send = (method: string, path: string, body?: object) =>
    call(gateway.url, `/api/v1${path}`, { method, key, ...(body === undefined ? {} : { body }) })
  const route = async () => (await send('POST', '/skills/route', { query: 'refund an order' })).json()

  beforeAll(async () => {
    const database = await createPostgresDatabase(databaseUrl ?? '')
    drop = database.drop
    relay = await openTcpRelay(database.url)
    gateway = await startGateway({ config: {}, env: { DATABASE_URL: relay.url } })
    key = (await gateway.createKey({ organization_id: 'acme' })).key
    const skill = { name: 'refund', description: 'Refund an order.' }
    await send('POST', '/skills', {
      ...skill,
      body_markdown: '# Refunds\n\nLook the order up, check its date, then refund it.',
    })
    await waitUntil('the skill is offered', async () => (await route()).skill_count === 1)
  })
  afterAll(async () => {
    relay?.restore()
    await gateway?.stop()
    await relay?.close()
    await drop?.()
  })

  it('serves the last index, says what is missing, counts it, and recovers', async () => {
    relay.cut()
    const degraded = await waitUntil('the outage is noticed', async () => {
      const answer = await route()
      return answer.degraded_reason === 'store_unavailable' && !answer.decision_persisted ? answer : null
    })
    expect(degraded.skills).toMatchObject([{ name: 'refund', selected: true }])
    expect(degraded.routing_hint).toBe('Best matches for this request: refund.')
    expect(degraded.routing_id).toMatch(/^rt_[0-9a-f]{24}$/)
    const menu = (await send('GET', '/skills/menu')).json()
    expect(menu).toMatchObject({ stable_menu_skills: ['refund'], degraded_reason: 'store_unavailable' })
    const health = (await send('GET', '/router/health')).json()
    expect(health).toMatchObject({ status: 'degraded', store: { answering: false } })
    expect(health.degraded.store_unavailable).toBeGreaterThan(0)
    expect(health.degraded.decision_write_failed).toBeGreaterThan(0)
    const metrics = await call(gateway.url, '/metrics', { key: gateway.masterKey })
    expect(metrics.text).toMatch(/^routeiq_skill_router_degraded_total\{reason="store_unavailable"\} [1-9]/m)
    relay.restore()
    await waitUntil('all is well again', async () => {
      const answer = await route()
      return answer.degraded_reason === undefined && answer.decision_persisted
    })
  })

  it('answers with an empty menu where there is neither index nor database', async () => {
    const other = (await gateway.createKey({ organization_id: 'globex' })).key
    expect((await call(gateway.url, '/api/v1/auth/verify', { key: other })).status).toBe(200)
    relay.cut()
    const answer = await waitUntil('the outage is noticed', async () => {
      const { status, text } = await call(gateway.url, '/api/v1/skills/menu', { key: other })
      return status === 200 && text.includes('store_unavailable') ? JSON.parse(text) : null
    })
    expect(answer).toMatchObject({ skills: [], prompt_fragment: '', degraded_reason: 'store_unavailable' })
    relay.restore()
  })
})
