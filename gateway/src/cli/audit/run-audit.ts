import { parseArgs } from 'node:util'
import { formatReport, type VerifyReport, verifyChains } from '../../audit/verify-chains.ts'
import { auditSigner } from '../../process/audit.ts'
import type { Environment } from '../../process/load-runtime.ts'
import { keptMasterKey } from '../../process/master-key.ts'
import { createSqlAuditStore } from '../../storage/audit/sql-audit-store.ts'
import { openDatabase } from '../../storage/database/database.ts'
import { locationOf } from '../../storage/database/location.ts'
import { UsageError } from '../fail-command.ts'
import {
  parseFlags,
  requireConfiguration,
  runStored,
  storedCommandOptions,
  type Terminal,
} from '../stored-command.ts'
import { readPublished } from './read-published.ts'

const usage = `Usage: routeiq audit verify [flags]

Reads the audit log from the database and says whether it is what was written. Exit codes: 0 it is, 1 it is not, 2 wrong usage.

  -c, --config FILE   configuration file, as for start
  --data-dir DIR      where the embedded database is, as for start; the gateway must not run on it
  --log FILE          a log of the gateway: its checkpoints also find what was taken away together with all that told of it
  --json              machine-readable report
`
const options = {
  ...storedCommandOptions,
  log: { type: 'string' },
} as const

/** `routeiq audit verify`. Resolves to the exit code. */
export function runAudit(argv: readonly string[], terminal: Terminal): Promise<number> {
  return runStored('routeiq audit', argv, terminal, async () => {
    const { values, positionals } = readArguments(argv)
    if (values.help === true) {
      terminal.stdout.write(usage)
      return 0
    }
    if (positionals.join(' ') !== 'verify') throw new UsageError('the command is routeiq audit verify')
    const report = await verify(values, terminal.env)
    terminal.stdout.write(
      values.json === true ? `${JSON.stringify(formatReport(report), null, 2)}\n` : describe(report),
    )
    return report.isIntact ? 0 : 1
  })
}

function readArguments(argv: readonly string[]) {
  return parseFlags(() => parseArgs({ args: [...argv], options, allowPositionals: true }))
}

async function verify(
  values: ReturnType<typeof readArguments>['values'],
  env: Environment,
): Promise<VerifyReport> {
  const config = requireConfiguration(values, env)
  const published = values.log === undefined ? [] : readPublished(values.log)
  const { identity, storage } = config
  const masterKey = identity.masterKey ?? identity.saltKey ?? keptMasterKey(storage.dataDir).key
  const signer = auditSigner({ ...identity, masterKey })
  const database = await openDatabase(locationOf(storage))
  try {
    const store = createSqlAuditStore(database, {
      ...{ chain: '', signer, onCheckpoint: () => {}, now: Date.now },
    })
    return await verifyChains(store, signer, published)
  } finally {
    await database.close()
  }
}

function describe({
  isIntact,
  chains,
  rows,
  checkpoints,
  unverifiedCheckpoints,
  findings,
}: VerifyReport): string {
  const lines = findings.map(({ chain, message }) => `${chain}: ${message}`)
  const unverified =
    unverifiedCheckpoints === 0
      ? ''
      : `, ${unverifiedCheckpoints} of them signed with another key and worth nothing`
  lines.push(`${rows} rows in ${chains} chains, ${checkpoints} checkpoints${unverified}`)
  lines.push(isIntact ? 'The audit log is what was written.' : 'The audit log is NOT what was written.')
  return `${lines.join('\n')}\n`
}
