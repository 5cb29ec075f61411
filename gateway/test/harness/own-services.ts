import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const script = fileURLToPath(new URL('../../../scripts/test-services.sh', import.meta.url))
const run = promisify(execFile)

export type Service = 'postgres' | 'redis'

/** A PostgreSQL and a Redis that nobody else uses, so that a test may stop them. */
export interface OwnServices {
  readonly databaseUrl: string
  readonly redisUrl: string
  /** Stops a server; PostgreSQL keeps its data. */
  halt(service: Service): Promise<void>
  /** Starts it again at the same address. */
  resume(service: Service): Promise<void>
  stop(): Promise<void>
}

/** Null where the machine lacks one of them. */
export async function startOwnServices(): Promise<OwnServices | null> {
  const { stdout } = await run(script, ['start', '--offline', '--owner', String(process.pid)])
  const read = (name: string): string | undefined =>
    new RegExp(`^export ${name}=(.+)$`, 'm').exec(stdout)?.[1]
  const directory = read('ROUTEIQ_TEST_SERVICES') ?? ''
  const databaseUrl = read('ROUTEIQ_TEST_DATABASE_URL')
  const redisUrl = read('ROUTEIQ_TEST_REDIS_URL')
  const order = async (...words: string[]): Promise<void> => void (await run(script, words))
  if (databaseUrl === undefined || redisUrl === undefined) {
    await order('stop', directory)
    return null
  }
  return {
    databaseUrl,
    redisUrl,
    halt: (service) => order('halt', directory, service),
    resume: (service) => order('resume', directory, service),
    stop: () => order('stop', directory),
  }
}
