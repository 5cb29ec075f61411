import { Redis } from 'ioredis'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type KubernetesApi, startKubernetesApi } from '../src/storage/testing/kubernetes-api.ts'
import { createPostgresDatabase } from '../src/storage/testing/test-databases.ts'
import { findTestServices } from '../src/storage/testing/test-services.ts'
import { call } from './harness/call-gateway.ts'
import { type ConfigServer, startConfigServer } from './harness/config-server.ts'
import { type Gateway, masterKey as key, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

const { databaseUrl, redisUrl } = await findTestServices()

const configOf = (name: string): object => ({
  model_list: [{ model_name: name, litellm_params: { model: 'demo/demo' } }],
})

/** What a cluster tells its pods. */
const podOf = ({ host, port, accountDir }: KubernetesApi): Readonly<Record<string, string>> => ({
  ...{ KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: String(port) },
  ROUTEIQ_KUBERNETES_ACCOUNT_DIR: accountDir,
})

describe.skipIf(databaseUrl === null || redisUrl === null).each(['redis', 'postgres', 'kubernetes'])(
  'replicas with their lease in %s',
  (backend) => {
    const lockName = `sync-${process.pid}-${backend}`
    let server: ConfigServer
    let cluster: KubernetesApi | null = null
    let address: string
    let dropDatabase: () => Promise<void> = async () => {}
    const replicas: Gateway[] = []

    beforeAll(async () => {
      server = await startConfigServer(configOf('first'))
      cluster = backend === 'kubernetes' ? await startKubernetesApi() : null
      const database = await createPostgresDatabase(databaseUrl ?? '')
      dropDatabase = database.drop
      address = database.url
      const env = {
        DATABASE_URL: database.url,
        // Replicas without Redis have the database alone to hear from each other.
        ...(backend === 'redis' ? { REDIS_URL: redisUrl ?? '' } : {}),
        // Beside Redis, and taken before it.
        ...(cluster !== null && { ...podOf(cluster), REDIS_URL: redisUrl ?? '' }),
        ...{ CONFIG_HTTP_URL: server.url, CONFIG_SYNC_INTERVAL: '1' },
        ...{
          LLMROUTER_HA_MODE: 'leader_election',
          LLMROUTER_CONFIG_SYNC_LOCK_NAME: lockName,
        },
        LLMROUTER_CONFIG_SYNC_LEASE_SECONDS: '5',
        LLMROUTER_CONFIG_SYNC_RENEW_INTERVAL_SECONDS: '1',
      }
      // At once, as a rollout does.
      const started = [1, 2].map((name) =>
        startGateway({ config: {}, env: { ...env, POD_NAME: `pod-${name}` } }),
      )
      replicas.push(...(await Promise.all(started)))
    }, 90_000)

    afterAll(async () => {
      await Promise.all(replicas.map((replica) => replica.stop()))
      await server?.close()
      await cluster?.close()
      await dropDatabase()
    })

    const model = async ({ url }: Gateway): Promise<string> =>
      (await call(url, '/v1/models', { key })).json().data[0]?.id
    const status = async ({ url }: Gateway) => (await call(url, '/config/sync/status', { key })).json()
    const leads = async (replica: Gateway): Promise<boolean> =>
      (await status(replica)).leader_election.is_leader

    async function ranked(): Promise<{ leader: Gateway; follower: Gateway }> {
      const [one, other] = replicas as [Gateway, Gateway]
      return waitUntil('one of them leads', async () => {
        const [first, second] = [await leads(one), await leads(other)]
        if (first === second) return null
        return first ? { leader: one, follower: other } : { leader: other, follower: one }
      })
    }

    it('have one that fetches, and all have what it fetched', async () => {
      const { leader, follower } = await ranked()
      expect([await model(leader), await model(follower)]).toEqual(['first', 'first'])
      // The document went over the wire once; every other ask was for what is newer.
      expect(server.requests.filter(({ headers }) => headers['if-none-match'] === undefined)).toHaveLength(1)
      expect(await status(follower)).toMatchObject({
        ...{ ha_mode: 'leader_election', last_sync_time: null, http: { last_etag: expect.any(String) } },
        leader_election: { enabled: true, backend, is_leader: false, skipped_sync_count: expect.any(Number) },
      })
      server.set(configOf('second'))
      await waitUntil('both have it', async () =>
        (await Promise.all(replicas.map(model))).every((name) => name === 'second'),
      )
      await waitUntil(
        'the follower leaves it to the leader',
        async () => (await status(follower)).leader_election.skipped_sync_count > 0,
      )
      expect(await status(follower)).toMatchObject({ last_sync_time: null, last_error: null })
    })

    it('are all given what one is told to fetch', async () => {
      const { follower, leader } = await ranked()
      server.set(configOf('told'))
      const answer = await call(follower.url, '/config/reload', { key, body: { force_sync: true } })
      expect(answer.json()).toMatchObject({ status: 'success', synced_from_remote: true })
      expect(await model(follower)).toBe('told')
      await waitUntil('the leader has it', async () => (await model(leader)) === 'told')
    })

    it('have another leader when theirs is killed', async () => {
      const { leader, follower } = await ranked()
      leader.kill('SIGKILL')
      await leader.exited()
      server.set(configOf('third'))
      await waitUntil('the follower leads', () => leads(follower), 15_000)
      await waitUntil('and fetches', async () => (await model(follower)) === 'third')
      await leader.restart()
      expect([await model(leader), await leads(leader), await leads(follower)]).toEqual([
        'third',
        false,
        true,
      ])
    })

    it('go on with the last good one while the new one is bad for everybody', async () => {
      const { leader, follower } = await ranked()
      server.set('- a list')
      await waitUntil('it was looked at', async () => (await status(leader)).last_error !== null)
      expect([await model(leader), await model(follower)]).toEqual(['third', 'third'])
      expect((await status(follower)).last_error).toBeNull()
      server.set(configOf('fourth'))
      await waitUntil('both have the next', async () =>
        (await Promise.all(replicas.map(model))).every((name) => name === 'fourth'),
      )
    })

    it('give the lease back when they leave', async () => {
      const { leader, follower } = await ranked()
      const { pid } = leader
      expect(await findHolder()).toContain(`-${pid}-`)
      leader.kill('SIGTERM')
      await leader.exited()
      expect(await findHolder()).not.toContain(`-${pid}-`)
      await waitUntil('the other one leads', () => leads(follower), 15_000)
    })

    /** Who has the lease in the store; empty for nobody. */
    async function findHolder(): Promise<string> {
      if (cluster !== null) {
        const [lease] = cluster.leases.values()
        return lease.spec.holderIdentity
      }
      if (backend === 'redis') {
        const redis = new Redis(redisUrl ?? '')
        const holder = await redis.get(`routeiq:lease:{${lockName}}`)
        redis.disconnect()
        return holder ?? ''
      }
      const client = new Client({ connectionString: address })
      await client.connect()
      const { rows } = await client.query('SELECT holder FROM leases WHERE name = $1', [lockName])
      await client.end()
      return rows[0]?.holder ?? ''
    }
  },
)

it.skipIf(databaseUrl === null)(
  'replicas without a remote configuration have a leader, too',
  async () => {
    const database = await createPostgresDatabase(databaseUrl ?? '')
    const env = { DATABASE_URL: database.url, LLMROUTER_HA_MODE: 'leader_election' }
    const replicas = await Promise.all([1, 2].map(() => startGateway({ config: {}, env })))
    try {
      const answers = await Promise.all(replicas.map(({ url }) => call(url, '/config/sync/status', { key })))
      const leads = answers.map((answer) => answer.json().leader_election.is_leader)
      expect(leads.filter(Boolean)).toHaveLength(1)
      const [one, other] = replicas as [Gateway, Gateway]
      const [leader, follower] = leads[0] ? [one, other] : [other, one]
      leader.kill('SIGTERM')
      await leader.exited()
      await waitUntil(
        'the other one leads',
        async () =>
          (await call(follower.url, '/config/sync/status', { key })).json().leader_election.is_leader,
        30_000,
      )
    } finally {
      await Promise.all(replicas.map((replica) => replica.stop()))
      await database.drop()
    }
  },
  90_000,
)

it('a pod whose service account may not use leases does not start, and says what it needs', async () => {
  const cluster = await startKubernetesApi()
  cluster.setAllowed(false)
  const env = { ...podOf(cluster), LLMROUTER_HA_MODE: 'leader_election' }
  try {
    await expect(startGateway({ config: {}, env })).rejects.toThrow(
      'let the service account get, create and update leases.coordination.k8s.io',
    )
  } finally {
    await cluster.close()
  }
})
