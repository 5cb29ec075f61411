import { parseArgs } from 'node:util'
import { formatDiagnostics } from '../../config/validate-config.ts'
import { createKeyRing } from '../../process/key-ring.ts'
import { type Environment, readConfiguration } from '../../process/load-runtime.ts'
import { keptMasterKey, needsMasterKey } from '../../process/master-key.ts'
import { openDatabase } from '../../storage/database/database.ts'
import { locationOf } from '../../storage/database/location.ts'
import { migrateDatabase } from '../../storage/database/migrate.ts'
import { type ResealedTable, resealSecrets } from '../../storage/secrets/reseal-secrets.ts'
import { failCommand, UsageError } from '../fail-command.ts'

/** What the command reaches outside: only what it is handed. */
interface Terminal {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
  readonly env: Environment
}

const usage = `Usage: routeiq secrets rotate [flags]

Encrypts every secret in the database with the first of the keys that are configured: of ROUTEIQ_ENCRYPTION_KEY, else
LITELLM_SALT_KEY, else the master key. The others only decrypt, and may be taken away afterwards. On PostgreSQL gateways
may run meanwhile. Exit codes: 0 all are, 1 some cannot be decrypted, 2 wrong usage.

  -c, --config FILE    configuration file, as for start
  --data-dir DIR       where the embedded database is, as for start; the gateway must not run on it
  --drop-unreadable    remove what no key decrypts, with its model, credential, tool server, agent or webhook
  --json               machine-readable report
`
const options = {
  config: { type: 'string', short: 'c' },
  'data-dir': { type: 'string' },
  'drop-unreadable': { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

/** `routeiq secrets rotate`. Resolves to the exit code. */
export async function runSecrets(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const { values, positionals } = readArguments(argv)
    if (values.help === true) {
      terminal.stdout.write(usage)
      return 0
    }
    if (positionals.join(' ') !== 'rotate') throw new UsageError('the command is routeiq secrets rotate')
    const tables = await rotate(values, terminal.env)
    terminal.stdout.write(
      values.json === true ? `${JSON.stringify({ tables }, null, 2)}\n` : describe(tables),
    )
    return tables.some(({ unreadable }) => unreadable > 0) ? 1 : 0
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const exitCode = error instanceof UsageError ? 2 : 1
    const usageHint = 'See routeiq secrets --help.'
    const json = argv.includes('--json')
    return failCommand(terminal, { program: 'routeiq secrets', error, exitCode, usage: usageHint, json })
  }
}

function readArguments(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true })
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

async function rotate(
  values: ReturnType<typeof readArguments>['values'],
  env: Environment,
): Promise<readonly ResealedTable[]> {
  const { config: file, 'data-dir': dataDir } = values
  const flags = { ...(file !== undefined && { config: file }), ...(dataDir !== undefined && { dataDir }) }
  const { config, diagnostics } = readConfiguration(flags, env)
  if (config === null)
    throw new UsageError(`the configuration cannot be used\n${formatDiagnostics(diagnostics)}`)
  const { identity, storage } = config
  const masterKey = needsMasterKey(config) ? keptMasterKey(storage.dataDir).key : identity.masterKey
  const ring = createKeyRing({ ...identity, masterKey })
  if (ring.currentPrefix === null) throw new UsageError('there is no key to encrypt with')
  const database = await openDatabase(locationOf(storage))
  try {
    await migrateDatabase(database, undefined, storage.lastMigration)
    return await resealSecrets(database, ring, { dropsUnreadable: values['drop-unreadable'] === true })
  } finally {
    await database.close()
  }
}

function describe(tables: readonly ResealedTable[]): string {
  const lines = tables.flatMap(({ table, resealed, unreadable, dropped }) => {
    const parts = [
      resealed > 0 && `${resealed} encrypted anew`,
      unreadable > 0 && `${unreadable} CANNOT BE DECRYPTED`,
      dropped > 0 && `${dropped} removed`,
    ].filter((part) => part !== false)
    return parts.length === 0 ? [] : [`${table}: ${parts.join(', ')}`]
  })
  const isDone = tables.every(({ unreadable }) => unreadable === 0)
  lines.push(
    isDone
      ? 'Every secret is encrypted with the first key; the others may be taken away.'
      : 'Configure the keys these were encrypted with, or remove them with --drop-unreadable.',
  )
  return `${lines.join('\n')}\n`
}
