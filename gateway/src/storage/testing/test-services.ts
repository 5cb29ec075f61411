import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const script = fileURLToPath(new URL('../../../../scripts/test-services.sh', import.meta.url))

interface TestServices {
  readonly databaseUrl: string | null
  readonly redisUrl: string | null
}

let started: Promise<TestServices> | null = null

/**
 * PostgreSQL and Redis for tests: those of the environment, else servers started from what this machine has,
 * which end with this process. Null where neither exists; on CI that is an error, since a gate must not skip.
 */
export function findTestServices(): Promise<TestServices> {
  started ??= findServices()
  return started
}

async function findServices(): Promise<TestServices> {
  const given = readAddresses((name) => process.env[name])
  const found = given.databaseUrl === null || given.redisUrl === null ? await startServices() : given
  const services = {
    databaseUrl: given.databaseUrl ?? found.databaseUrl,
    redisUrl: given.redisUrl ?? found.redisUrl,
  }
  if (process.env['CI'] === 'true' && (services.databaseUrl === null || services.redisUrl === null)) {
    throw new Error(
      'PostgreSQL and Redis are needed on CI: set ROUTEIQ_TEST_DATABASE_URL and ROUTEIQ_TEST_REDIS_URL',
    )
  }
  return services
}

async function startServices(): Promise<TestServices> {
  const { stdout } = await promisify(execFile)(script, ['start', '--offline', '--owner', String(process.pid)])
  return readAddresses((name) => new RegExp(`^export ${name}=(.+)$`, 'm').exec(stdout)?.[1])
}

function readAddresses(read: (name: string) => string | undefined): TestServices {
  return {
    databaseUrl: read('ROUTEIQ_TEST_DATABASE_URL') ?? null,
    redisUrl: read('ROUTEIQ_TEST_REDIS_URL') ?? null,
  }
}
