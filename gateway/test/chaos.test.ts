import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findTestServices } from '../src/storage/testing/test-services.ts'
import { call } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { type OwnServices, startOwnServices } from './harness/own-services.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

/** Each call costs 0.025 USD. */
const prices = { input_cost_per_token: 0.001, output_cost_per_token: 0.002 }
const callers = 6

interface Replica {
  readonly gateway: Gateway
  /** From its death until it takes calls again. */
  isDown: boolean
}

let services: OwnServices | null = null
let upstream: ScriptedUpstream
const replicas: Replica[] = []

const hasServices = Object.values(await findTestServices()).every((url) => url !== null)

beforeAll(async () => {
  if (!hasServices) return
  services = await startOwnServices()
  if (services === null) return
  upstream = await startScriptedUpstream()
  const env = { DATABASE_URL: services.databaseUrl, REDIS_URL: services.redisUrl }
  for (const _ of [1, 2, 3])
    replicas.push({ gateway: await startGateway({ config: configOf(0), env }), isDown: false })
})

afterAll(async () => {
  await Promise.all(replicas.map(({ gateway }) => gateway.stop()))
  await upstream?.close()
  await services?.stop()
})

function configOf(generation: number): object {
  const alias = { [`generation-${generation}`]: 'gpt' }
  return {
    model_list: [deployment('gpt', upstream.openaiBase, prices)],
    router_settings: { model_group_alias: alias },
  }
}

/** An answered call: the places of its beginning and end among those of all calls. */
interface AnsweredCall {
  readonly replica: Replica
  readonly begun: number
  readonly ended: number
}

/** Callers that go to the next replica when one does not take their connection, as those behind a balancer do. */
class Load {
  readonly answered = new Map<string, AnsweredCall>()
  readonly inFlight = new Set<string>()
  readonly failures: string[] = []
  readonly key: string
  readonly #callers: Promise<void>[]
  #sent = 0
  #events = 0
  #isOver = false

  constructor(key: string) {
    this.key = key
    this.#callers = Array.from({ length: callers }, (_, caller) => this.#callOn(caller))
  }

  async end(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#callers)
  }

  async #callOn(caller: number): Promise<void> {
    for (let turn = caller; !this.#isOver; turn += 1) {
      const replica = replicas[turn % replicas.length]
      if (replica !== undefined) await this.#callOnce(replica)
      await sleep(5)
    }
  }

  async #callOnce(replica: Replica): Promise<void> {
    this.#sent += 1
    const id = `chaos-${this.#sent}`
    const { isDown } = replica
    const begun = ++this.#events
    try {
      const answer = await fetch(`${replica.gateway.url}/v1/chat/completions`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${this.key}`,
          'content-type': 'application/json',
          'x-request-id': id,
        },
        body: JSON.stringify({ model: 'gpt', messages, max_tokens: 7 }),
      })
      const text = await answer.text()
      if (answer.status !== 200) this.failures.push(`${id}: ${answer.status} ${text}`)
      else if (replica.isDown) this.inFlight.add(id)
      else this.answered.set(id, { replica, begun, ended: ++this.#events })
    } catch (error) {
      if (isDown || replica.isDown) this.inFlight.add(id)
      else this.failures.push(`${id}: ${error}: ${(error as Error).cause}`)
    }
  }

  /**
   * A row is on disk at the end of the turn it was settled in. That turn was over for certain when the replica answered
   * a call that had begun after it; all others count as in flight when it dies.
   */
  overtakenBy(replica: Replica): void {
    const own = [...this.answered].filter(([, call]) => call.replica === replica)
    const lastBegun = Math.max(...own.map(([, { begun }]) => begun))
    for (const [id, { ended }] of own) {
      if (ended < lastBegun) continue
      this.answered.delete(id)
      this.inFlight.add(id)
    }
  }
}

/** Whoever has just started asks the database about a key, and must have done so before that goes away. */
async function meet({ gateway }: Replica, key: string): Promise<void> {
  expect((await call(gateway.url, '/v1/models', { key })).status).toBe(200)
}

async function killAndStart(replica: Replica, load: Load): Promise<void> {
  replica.isDown = true
  replica.gateway.kill('SIGKILL')
  await replica.gateway.exited()
  load.overtakenBy(replica)
  await replica.gateway.restart('SIGKILL')
  await meet(replica, load.key)
  replica.isDown = false
}

/** Replaces the configuration of whoever is alive every second. */
function reloadOften(): () => void {
  let generation = 0
  const timer = setInterval(() => {
    generation += 1
    for (const { gateway, isDown } of replicas) {
      gateway.writeConfig(configOf(generation))
      // Node.js dies of the signal until the program has begun, and whoever starts reads the file anyway.
      if (!isDown) gateway.kill('SIGHUP')
    }
  }, 1_000)
  return () => clearInterval(timer)
}

async function disturb(
  services: OwnServices,
  [first, second, third]: readonly Replica[],
  load: Load,
): Promise<void> {
  if (first === undefined || second === undefined || third === undefined)
    throw new Error('there are three replicas')
  await sleep(1_000)
  await killAndStart(first, load)
  await services.halt('redis')
  await sleep(2_000)
  await services.resume('redis')
  await services.halt('postgres')
  await sleep(4_000)
  await services.resume('postgres')
  await sleep(500)
  await killAndStart(second, load)
  await Promise.all([services.halt('postgres'), services.halt('redis')])
  await sleep(2_000)
  await Promise.all([services.resume('postgres'), services.resume('redis')])
  await killAndStart(third, load)
  await sleep(1_000)
}

it.skipIf(!hasServices)(
  'replicas that die, servers that go away and configurations that change lose no call and no row',
  async () => {
    const [first] = replicas
    if (services === null || first === undefined)
      throw new Error('the services of the machine do not start twice')
    const { key, token } = await first.gateway.createKey({ max_budget: 1_000_000, rpm_limit: 1_000_000 })
    for (const replica of replicas) await meet(replica, key)
    const load = new Load(key)
    const stopReloading = reloadOften()

    try {
      await disturb(services, replicas, load)
    } finally {
      stopReloading()
      await load.end()
    }

    expect(load.failures).toEqual([])
    expect(load.answered.size).toBeGreaterThan(500)
    const database = new pg.Client({ connectionString: services.databaseUrl })
    await database.connect()
    const missing = async (): Promise<string[]> => {
      const { rows } = await database.query<{ request_id: string }>('SELECT request_id FROM spend_logs')
      const found = new Set(rows.map(({ request_id }) => request_id))
      return [...load.answered.keys()].filter((id) => !found.has(id))
    }
    await waitUntil('every call is in the ledger', async () => (await missing()).length === 0, 60_000)
    const { rows } = await database.query<{ request_id: string; rows: number; cost: number }>(
      'SELECT request_id, count(*)::int AS rows, sum(cost_nano_usd)::float AS cost FROM spend_logs GROUP BY 1',
    )
    await database.end()
    expect(rows.filter((row) => row.rows > 1)).toEqual([])
    expect(rows.filter(({ request_id: id }) => !load.answered.has(id) && !load.inFlight.has(id))).toEqual([])
    const spend = rows.reduce((sum, { cost }) => sum + cost, 0) / 1e9
    await waitUntil('the key has spent what the ledger says', async () => {
      const info = await call(first.gateway.url, `/key/info?key=${token}`, { key: masterKey })
      return Math.abs(info.json().info.spend - spend) < 1e-6
    })
  },
  180_000,
)
