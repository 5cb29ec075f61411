import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { LeaseStore } from '../../leadership/lease-store.ts'
import { startKubernetesApi } from '../testing/kubernetes-api.ts'
import { listTestDatabases } from '../testing/test-databases.ts'
import { findTestServices } from '../testing/test-services.ts'
import { KubernetesLeases } from './kubernetes-leases.ts'
import { createRedisLeases } from './redis-leases.ts'
import { createSqlLeases } from './sql-leases.ts'

interface Kind {
  readonly name: string
  open(): Promise<{ readonly leases: LeaseStore; dispose(): Promise<void> }>
}

const databases = (await listTestDatabases()).map(
  ({ name, openMigrated }): Kind => ({
    name,
    open: async () => {
      const opened = await openMigrated()
      return { leases: createSqlLeases(opened.database), dispose: () => opened.dispose() }
    },
  }),
)
const { redisUrl } = await findTestServices()
const inRedis: Kind = {
  name: 'redis',
  open: async () => {
    const redis = new Redis(redisUrl ?? '')
    return { leases: createRedisLeases(redis), dispose: async () => redis.disconnect() }
  },
}

const clocks = { now: Date.now, elapsed: () => performance.now() }
const inKubernetes: Kind = {
  name: 'kubernetes',
  open: async () => {
    const api = await startKubernetesApi()
    return { leases: new KubernetesLeases({ ...api, namespace: null }, clocks), dispose: () => api.close() }
  },
}

describe.each([...databases, inKubernetes, ...(redisUrl === null ? [] : [inRedis])])(
  'leases in $name',
  ({ open }) => {
    let opened: Awaited<ReturnType<Kind['open']>>
    let name: string

    beforeAll(async () => {
      opened = await open()
    })
    afterAll(() => opened?.dispose())
    beforeEach(() => {
      name = `lease-${randomUUID()}`
    })

    const acquire = (holder: string, ttlMs = 60_000): Promise<number | null> =>
      opened.leases.acquire({ name, holder, ttlMs })

    it('belong to one holder, who renews them under the same token', async () => {
      const token = await acquire('one')
      expect(token).toBeGreaterThan(1_700_000_000_000)
      expect(await acquire('other')).toBeNull()
      expect(await acquire('one')).toBe(token)
    })

    it('have one holder, however many ask at once', async () => {
      const holders = Array.from({ length: 20 }, (_, index) => acquire(`holder-${index}`))
      expect((await Promise.all(holders)).filter((token) => token !== null)).toHaveLength(1)
    })

    it('go on under a higher token when they end or are given back', async () => {
      const first = (await acquire('one', 30)) ?? 0
      await expect.poll(() => acquire('other'), { timeout: 5_000 }).not.toBeNull()
      const renewed = (await acquire('other')) ?? 0
      expect(renewed).toBeGreaterThan(first)
      await opened.leases.release(name, 'one')
      expect(await acquire('one')).toBeNull()
      await opened.leases.release(name, 'other')
      expect(await acquire('one')).toBeGreaterThan(renewed)
    })

    it('of another name are another lease', async () => {
      await acquire('one')
      name = `lease-${randomUUID()}`
      expect(await acquire('other')).not.toBeNull()
    })
  },
)

describe('leases in kubernetes', () => {
  let api: Awaited<ReturnType<typeof startKubernetesApi>>
  let leases: KubernetesLeases
  const lease = { name: 'config_sync', holder: 'one', ttlMs: 30_000 }

  beforeEach(async () => {
    api = await startKubernetesApi()
    leases = new KubernetesLeases({ ...api, namespace: 'gateways' }, clocks)
  })
  afterEach(() => api.close())

  it('are what kubectl shows', async () => {
    const token = await leases.acquire(lease)
    await leases.acquire(lease)
    expect(api.leases.get('routeiq-config-sync')).toMatchObject({
      metadata: { annotations: { 'routeiq.io/fencing-token': String(token) } },
      spec: { holderIdentity: 'one', leaseDurationSeconds: 30, leaseTransitions: 0 },
    })
  })

  it('go to the faster one of two who write at once, and are not lost by being written to', async () => {
    await leases.acquire(lease)
    await leases.release(lease.name, 'one')
    api.onWrite = () => api.touch('routeiq-config-sync')
    expect(await leases.acquire({ ...lease, holder: 'other' })).toBeNull()
    api.onWrite = null
    const token = await leases.acquire(lease)
    api.onWrite = () => api.touch('routeiq-config-sync')
    await expect(leases.acquire(lease)).rejects.toThrow('changed while it was renewed')
    api.onWrite = null
    expect(await leases.acquire(lease)).toBe(token)
  })

  it('of somebody else are over only when nothing of them was heard for as long as they last', async () => {
    let elapsed = 0
    const late = new KubernetesLeases({ ...api, namespace: null }, { ...clocks, elapsed: () => elapsed })
    const first = (await leases.acquire(lease)) ?? 0
    const other = { ...lease, holder: 'other' }
    expect(await late.acquire(other)).toBeNull()
    elapsed = 29_000
    await leases.acquire(lease)
    expect(await late.acquire(other)).toBeNull()
    elapsed = 58_000
    expect(await late.acquire(other)).toBeNull()
    elapsed = 59_000
    expect(await late.acquire(other)).toBeGreaterThan(first)
    expect(api.leases.get('routeiq-config-sync').spec.leaseTransitions).toBe(1)
    expect(await leases.acquire(lease)).toBeNull()
  })

  it('go on with the token the cluster has put in the place of the old one, and end with the rights', async () => {
    await leases.acquire(lease)
    api.replaceToken()
    expect(await leases.acquire(lease)).not.toBeNull()
    api.setAllowed(false)
    await expect(leases.requireAccess('config_sync')).rejects.toThrow('403')
  })
})
