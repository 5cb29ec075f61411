import { RoutingUsageError } from './routing-options.ts'

type Values = Readonly<Record<string, string | undefined>>

/** A running gateway, as a command calls it. */
export interface GatewayAccess {
  readonly base: string
  readonly key: string
}

export const accessOptions = ['base-url', 'api-key'] as const

/** `--base-url` and `--api-key`, else `ROUTEIQ_BASE_URL` and `ROUTEIQ_API_KEY`. */
export function readAccess(options: Values, env: Values): GatewayAccess {
  const base = options['base-url'] ?? env['ROUTEIQ_BASE_URL'] ?? 'http://127.0.0.1:4000'
  const key = options['api-key'] ?? env['ROUTEIQ_API_KEY']
  if (key === undefined) throw new RoutingUsageError('--api-key or ROUTEIQ_API_KEY must hold a key')
  return { base, key }
}

/** Errors: throws what the gateway answered, where that is no success. */
export async function callGateway(
  { base, key }: GatewayAccess,
  path: string,
  body: object | null = null,
): Promise<{ readonly json: unknown; readonly headers: Headers }> {
  const url = new URL(path, base)
  const answer = await fetch(url, {
    method: body === null ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body !== null && { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${url.origin} answered ${answer.status}: ${text.slice(0, 300)}`)
  return { json: JSON.parse(text), headers: answer.headers }
}

/** The decisions of a window, with their outcomes; for admins. */
export async function listDecisions(access: GatewayAccess, options: Values): Promise<readonly object[]> {
  const query = new URLSearchParams({
    window: options['window'] ?? '30d',
    limit: options['limit'] ?? '10000',
  })
  const { json } = await callGateway(access, `/api/v1/evidence/routing-traces?${query}`)
  return (json as { items: object[] }).items
}
