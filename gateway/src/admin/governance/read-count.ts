import { GatewayError } from '@routeiq/contract'

/** A count of a query, from 1, cut at the maximum. Errors: 400 naming it. */
export function readCount(query: URLSearchParams, name: string, fallback: number, maximum: number): number {
  const text = query.get(name)
  if (text === null) return fallback
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) {
    throw new GatewayError('invalid_request', `\`${name}\` must be a whole number from 1.`, { param: name })
  }
  return Math.min(value, maximum)
}
