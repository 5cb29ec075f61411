import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { probeServices } from './probe-services.ts'
import { findTestServices } from './testing/test-services.ts'

const services = await findTestServices()

describe('probeServices', () => {
  it('says what is used where nothing is configured, without calling anything', async () => {
    expect(
      await probeServices(
        { databaseUrl: null, redisUrl: null, lastMigration: null, databaseSslMode: 'prefer' },
        () => 0,
      ),
    ).toMatchObject([
      { name: 'database', status: 'not-configured', latencyMs: null },
      { name: 'redis', status: 'not-configured', latencyMs: null },
    ])
  })

  it.skipIf(services.databaseUrl === null || services.redisUrl === null)(
    'names the versions of what answers',
    async () => {
      const [database, redis] = await probeServices(
        { ...services, lastMigration: null, databaseSslMode: 'prefer' },
        () => performance.now(),
      )
      expect(database).toMatchObject({
        status: 'ok',
        message: expect.stringMatching(/^PostgreSQL \d+.*, pgvector (available|missing), .*to apply/),
      })
      expect(redis).toMatchObject({ status: 'ok', message: expect.stringMatching(/^Redis \d+\.\d+/) })
      expect(database?.latencyMs).toBeGreaterThan(0)
    },
  )

  it('reports what is down, without addresses or credentials', async () => {
    const probes = await probeServices(
      {
        databaseUrl: 'postgres://ann:hunter2@127.0.0.1:1/secretdb',
        redisUrl: 'redis://ann:hunter2@127.0.0.1:1',
        lastMigration: null,
        databaseSslMode: 'prefer',
      },
      () => 0,
    )
    expect(probes.map(({ status }) => status)).toEqual(['failed', 'failed'])
    for (const { message } of probes)
      expect(message).toMatch(/is not usable: nothing listens at its address$/)
  })

  it('gives up on services that accept connections and say nothing', async () => {
    const silent = createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const { port } = silent.address() as AddressInfo
    const probes = await probeServices(
      {
        databaseUrl: `postgres://a@127.0.0.1:${port}/b`,
        redisUrl: `redis://127.0.0.1:${port}`,
        lastMigration: null,
        databaseSslMode: 'prefer',
      },
      () => 0,
    )
    for (const probe of probes)
      expect(probe).toMatchObject({ status: 'failed', message: expect.stringContaining('2000 ms') })
    silent.close()
  })
})
