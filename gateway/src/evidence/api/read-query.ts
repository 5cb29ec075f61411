import { GatewayError } from '@routeiq/contract'

/** A whole number of the query. Errors: `validation_failed` when it is not one from `least` to `most`. */
export function readNumber(
  query: URLSearchParams,
  name: string,
  { fallback, least = 1, most }: { fallback: number; least?: number; most: number },
): number {
  const text = query.get(name)
  if (text === null || text === '') return fallback
  const value = Number(text)
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw invalidQuery(name, `must be a whole number from ${least} to ${most}`)
}

/** Null when it is absent or empty. */
export function readText(query: URLSearchParams, name: string): string | null {
  const text = query.get(name)
  return text === null || text === '' ? null : text
}

/** Errors: `validation_failed` when it is absent. */
export function requireText(query: URLSearchParams, name: string): string {
  const text = readText(query, name)
  if (text === null) throw invalidQuery(name, 'is required')
  return text
}

/** The window analytics look at, in days up to today. */
export function readWindow(query: URLSearchParams, fallback = 30): number {
  return readNumber(query, 'window_days', { fallback, most: 365 })
}

export function invalidQuery(name: string, problem: string): GatewayError {
  return new GatewayError('validation_failed', `${name} ${problem}`, {
    param: name,
    extras: { issues: [{ type: 'value_error', loc: ['query', name], msg: problem }] },
  })
}

/** What is not there, or belongs to somebody else. */
export function notFound(what: string): GatewayError {
  return new GatewayError('not_found', what)
}
