import { writeFileSync } from 'node:fs'
import { accessOptions, listDecisions, readAccess } from './gateway-access.ts'
import { readOptions } from './routing-options.ts'
import type { Terminal } from './run-routing.ts'

/** `routeiq export-decisions`: what a running gateway decided and how it turned out, one JSON object a line. */
export async function exportDecisions(argv: readonly string[], { stdout, env }: Terminal): Promise<void> {
  const options = readOptions(argv, ['out', ...accessOptions, 'window', 'limit'], 1)
  const items = await listDecisions(readAccess(options, env), options)
  writeFileSync(options['out'] ?? '', items.map((item) => `${JSON.stringify(item)}\n`).join(''))
  stdout.write(`${items.length} decisions\n`)
}
