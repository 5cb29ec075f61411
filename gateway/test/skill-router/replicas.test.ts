import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPostgresDatabase } from '../../src/storage/testing/test-databases.ts'
import { findTestServices } from '../../src/storage/testing/test-services.ts'
import { call } from '../harness/call-gateway.ts'
import { type Gateway, startGateway } from '../harness/start-gateway.ts'
import { waitUntil } from '../harness/wait-until.ts'

const topics = ['refund', 'invoice', 'poem', 'weather', 'forecast', 'ledger', 'tax', 'travel']
const bodyOf = (topic: string) =>
  `# ${topic}\n\nHow to deal with a ${topic}, step by step and in good order, whatever comes.`

const { databaseUrl } = await findTestServices()
const databases = ['embedded', ...(databaseUrl === null ? [] : ['postgresql'])]

/** Two gateways over one PostgreSQL, or two workers over the embedded database. */
async function startReplicas(kind: string): Promise<{ replicas: Gateway[]; stop(): Promise<void> }> {
  const config = { routeiq: { skills: { router: { explore_rate: 0 } } } }
  if (kind === 'embedded' || databaseUrl === null) {
    const gateway = await startGateway({ config, workers: 2 })
    return { replicas: [gateway], stop: async () => void (await gateway.stop()) }
  }
  const { url, drop } = await createPostgresDatabase(databaseUrl)
  const env = { DATABASE_URL: url }
  const first = await startGateway({ config, env })
  const second = await startGateway({ config, env })
  return {
    replicas: [first, second],
    stop: async () => {
      await first.stop()
      await second.stop()
      await drop()
    },
  }
}

describe.each(databases)('several processes of the Skill Router, %s', (kind) => {
  let replicas: Gateway[]
  let stop: () => Promise<void>
  let gateway: Gateway
  let acme: string

  const send = (method: string, path: string, options: { body?: object; to?: Gateway } = {}) =>
    call((options.to ?? gateway).url, `/api/v1${path}`, {
      method,
      key: acme,
      ...(options.body === undefined ? {} : { body: options.body }),
    })
  const create = async (name: string) => {
    const body = { name, description: `Handles a ${name}.`, body_markdown: bodyOf(name) }
    const answer = await send('POST', '/skills', { body })
    expect(answer.status, answer.text).toBe(200)
  }
  const route = async (query: string, to: Gateway = gateway) =>
    (await send('POST', '/skills/route', { body: { query }, to })).json()
  const menu = async (to: Gateway) => (await send('GET', '/skills/menu', { to })).json()
  const namesOf = (skills: readonly { name: string }[]) => skills.map(({ name }) => name)

  beforeAll(async () => {
    ;({ replicas, stop } = await startReplicas(kind))
    gateway = replicas[0] as Gateway
    acme = (await gateway.createKey({ organization_id: 'acme' })).key
  })
  afterAll(() => stop?.())

  it('gives the same stable bytes and the same choice whoever answers', async () => {
    for (const topic of topics) await create(topic)
    for (let index = 0; index < 30; index += 1) await create(`filler-${index}`)
    for (const to of replicas)
      await waitUntil('all is indexed', async () => {
        const totals = await Promise.all(Array.from({ length: 8 }, () => route('weather', to)))
        return totals.every(({ rows_total }) => rows_total === 38)
      })
    const [weather, invoice] = [await route('what will the weather be'), await route('pay the invoice')]
    expect([weather.strategy, weather.skills[0].name]).toEqual(['smart_routing', 'weather'])
    for (const to of replicas) {
      const again = await route('what will the weather be', to)
      expect(namesOf(again.skills)).toEqual(namesOf(weather.skills))
      expect(again.stable_menu).toBe(invoice.stable_menu)
      expect(again.routing_id).not.toBe(weather.routing_id)
    }
  })

  it('shows a change on every replica', async () => {
    await create('brand-new')
    for (const to of replicas) {
      const isOffered = async () => (await menu(to)).stable_menu_skills.includes('brand-new')
      await waitUntil('the new skill is offered', isOffered)
    }
    await send('DELETE', '/skills/brand-new')
    for (const to of replicas) {
      const isGone = async () => !(await menu(to)).stable_menu_skills.includes('brand-new')
      await waitUntil('the deleted skill is gone', isGone)
    }
  })
})
