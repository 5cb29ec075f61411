import { parseArgs } from 'node:util'
import type { Environment } from '../../process/load-runtime.ts'
import { openDatabase } from '../../storage/database/database.ts'
import { locationOf } from '../../storage/database/location.ts'
import { migrateDatabase } from '../../storage/database/migrate.ts'
import { type ImportReport, importLiteLlm } from '../../storage/litellm/import-litellm.ts'
import { openLiteLlm } from '../../storage/litellm/litellm-source.ts'
import { UsageError } from '../fail-command.ts'
import {
  parseFlags,
  requireConfiguration,
  runStored,
  storedCommandOptions,
  type Terminal,
} from '../stored-command.ts'

const usage = `Usage: routeiq import litellm [flags]

Copies keys, users, teams, organizations, budgets, customers and tags of LiteLLM's PostgreSQL database into the database of the
configuration. Keys go on working. What is there already stays as it is, so it may run again.

  --from URL          LiteLLM's database (default: LITELLM_DATABASE_URL)
  -c, --config FILE   configuration file, as for start
  --data-dir DIR      where the embedded database is, as for start; the gateway must not run on it
  --dry-run           says what would be done, and does not do it
  --json              machine-readable report
`
const options = {
  ...storedCommandOptions,
  from: { type: 'string' },
  'dry-run': { type: 'boolean' },
} as const

/** `routeiq import litellm`, without its first two words. Resolves to the exit code: 0 fine, 1 failed, 2 wrong usage. */
export function runImport(argv: readonly string[], terminal: Terminal): Promise<number> {
  return runStored('routeiq import litellm', argv, terminal, async () => {
    const values = readFlags(argv)
    if (values.help === true) {
      terminal.stdout.write(usage)
      return 0
    }
    const report = await runOver(values, terminal.env)
    terminal.stdout.write(
      values.json === true ? `${JSON.stringify(formatJson(report), null, 2)}\n` : describe(report),
    )
    return 0
  })
}

type Values = ReturnType<typeof readFlags>

function readFlags(argv: readonly string[]) {
  return parseFlags(() => parseArgs({ args: [...argv], options }).values)
}

async function runOver(values: Values, env: Environment): Promise<ImportReport> {
  const from = values.from ?? env['LITELLM_DATABASE_URL'] ?? ''
  if (!/^postgres(?:ql)?:\/\//.test(from))
    throw new UsageError('give the database of LiteLLM: --from postgresql://… or LITELLM_DATABASE_URL')
  const config = requireConfiguration(values, env)
  const source = await openLiteLlm(from)
  try {
    const database = await openDatabase(locationOf(config.storage))
    try {
      await migrateDatabase(database, undefined, config.storage.lastMigration)
      return await importLiteLlm(source, database, { dryRun: values['dry-run'] === true, now: Date.now() })
    } finally {
      await database.close()
    }
  } finally {
    await source.close()
  }
}

function formatJson({ dryRun, kinds, skipped, leftColumns, leftTables }: ImportReport): object {
  return { dry_run: dryRun, ...kinds, skipped, left_columns: leftColumns, left_tables: leftTables }
}

function describe({ dryRun, kinds, skipped, leftColumns, leftTables }: ImportReport): string {
  const rows = Object.entries(kinds).map(
    ([kind, { imported, existing }]) =>
      `${kind.padEnd(15)}${String(imported).padStart(8)} imported${String(existing).padStart(8)} there already`,
  )
  const list = (title: string, counts: Readonly<Record<string, number>>): string[] =>
    Object.keys(counts).length === 0
      ? []
      : ['', title, ...Object.entries(counts).map(([name, count]) => `  ${name}: ${count}`)]
  const lines = [
    ...rows,
    ...list('Not taken:', skipped),
    ...list('Values that have no place here:', leftColumns),
    ...list('Tables that are not imported, with their rows:', leftTables),
    ...(dryRun ? ['', 'Nothing was written (--dry-run).'] : []),
  ]
  return `${lines.join('\n')}\n`
}
