import { accessOptions, callGateway, readAccess } from './gateway-access.ts'
import { percent, readAmount, readJsonMap, readOptions } from './routing-options.ts'
import type { Terminal } from './run-routing.ts'

/** What `POST /api/v1/evidence/replay` answers. */
interface Replay {
  readonly effective_strategy: string
  readonly bundle_id: string | null
  readonly rows: number
  readonly value: number | null
  readonly ci: readonly [number, number] | null
  readonly cost: number | null
  readonly logged_value: number | null
  readonly logged_cost: number | null
  readonly ess: number
  readonly refused: string | null
}

/** `routeiq replay`: what another strategy would have scored and cost on the judged requests of a running gateway. */
export async function replay(argv: readonly string[], { stdout, env }: Terminal): Promise<void> {
  const names = ['strategy', 'args', 'profile', 'lambda', 'window', 'report', ...accessOptions]
  const options = readOptions(argv, names, 1)
  const { json } = await callGateway(readAccess(options, env), '/api/v1/evidence/replay', {
    strategy: options['strategy'],
    args: readJsonMap(options, 'args'),
    window: options['window'] ?? '30d',
    ...(options['profile'] !== undefined && { profile: options['profile'] }),
    ...(options['lambda'] !== undefined && { lambda: readAmount(options, 'lambda', 0) }),
  })
  if (options['report'] === 'json') {
    stdout.write(`${JSON.stringify(json, null, 2)}\n`)
    return
  }
  const found = json as Replay
  stdout.write(`${describe(found)}\n`)
}

function describe(found: Replay): string {
  const head = `${found.effective_strategy} (${found.bundle_id ?? 'no bundle'}) on ${found.rows} judged requests`
  if (found.refused !== null || found.value === null) return `${head}: no verdict, ${found.refused}`
  const interval = found.ci === null ? '' : ` (${found.ci.map((end) => end.toFixed(3)).join(' to ')})`
  return [
    `${head}, worth ${Math.round(found.ess)} of its own`,
    `quality ${found.value.toFixed(3)}${interval}, as served ${show(found.logged_value)}`,
    `cost ${show(found.cost, 6)} USD a request, as served ${show(found.logged_cost, 6)}${share(found)}`,
  ].join('\n')
}

function show(value: number | null, digits = 3): string {
  return value === null ? 'unknown' : value.toFixed(digits)
}

function share({ cost, logged_cost: logged }: Replay): string {
  return cost === null || logged === null || logged === 0 ? '' : ` (${percent(1 - cost / logged)} saved)`
}
