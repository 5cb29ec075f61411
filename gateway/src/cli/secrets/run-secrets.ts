import { parseArgs } from 'node:util'
import { createKeyRing } from '../../process/key-ring.ts'
import type { Environment } from '../../process/load-runtime.ts'
import { keptMasterKey, needsMasterKey } from '../../process/master-key.ts'
import { openDatabase } from '../../storage/database/database.ts'
import { locationOf } from '../../storage/database/location.ts'
import { migrateDatabase } from '../../storage/database/migrate.ts'
import { type ResealedTable, resealSecrets } from '../../storage/secrets/reseal-secrets.ts'
import { UsageError } from '../fail-command.ts'
import {
  parseFlags,
  requireConfiguration,
  runStored,
  storedCommandOptions,
  type Terminal,
} from '../stored-command.ts'

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
  ...storedCommandOptions,
  'drop-unreadable': { type: 'boolean' },
} as const

/** `routeiq secrets rotate`. Resolves to the exit code. */
export function runSecrets(argv: readonly string[], terminal: Terminal): Promise<number> {
  return runStored('routeiq secrets', argv, terminal, async () => {
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
  })
}

function readArguments(argv: readonly string[]) {
  return parseFlags(() => parseArgs({ args: [...argv], options, allowPositionals: true }))
}

async function rotate(
  values: ReturnType<typeof readArguments>['values'],
  env: Environment,
): Promise<readonly ResealedTable[]> {
  const config = requireConfiguration(values, env)
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
