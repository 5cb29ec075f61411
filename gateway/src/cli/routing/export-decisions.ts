import { writeFileSync } from 'node:fs'
import { RoutingUsageError, readOptions } from './routing-options.ts'
import type { Terminal } from './run-routing.ts'

/** `routeiq export-decisions`: what a running gateway decided and how it turned out, one JSON object a line. */
export async function exportDecisions(argv: readonly string[], { stdout, env }: Terminal): Promise<void> {
  const options = readOptions(argv, ['out', 'base-url', 'api-key', 'window', 'limit'], 1)
  const base = options['base-url'] ?? env['ROUTEIQ_BASE_URL'] ?? 'http://127.0.0.1:4000'
  const key = options['api-key'] ?? env['ROUTEIQ_API_KEY']
  if (key === undefined) throw new RoutingUsageError('--api-key or ROUTEIQ_API_KEY must hold an admin key')
  const url = new URL('/api/v1/evidence/routing-traces', base)
  url.searchParams.set('window', options['window'] ?? '30d')
  url.searchParams.set('limit', options['limit'] ?? '10000')
  const answer = await fetch(url, { headers: { authorization: `Bearer ${key}` } })
  if (!answer.ok)
    throw new Error(`${url.origin} answered ${answer.status}: ${(await answer.text()).slice(0, 300)}`)
  const { items } = (await answer.json()) as { items: object[] }
  writeFileSync(options['out'] ?? '', items.map((item) => `${JSON.stringify(item)}\n`).join(''))
  stdout.write(`${items.length} decisions\n`)
}
