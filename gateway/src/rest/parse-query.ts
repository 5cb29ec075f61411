import { GatewayError } from '@routeiq/contract'
import type { ZodType } from 'zod'

/**
 * The query parameters a route knows, by its schema; others are ignored, and of a repeated one the last counts.
 * Errors: 422 `validation_failed` with one entry per parameter.
 */
export function parseQuery<Query>(query: URLSearchParams, schema: ZodType<Query>): Query {
  const parsed = schema.safeParse(Object.fromEntries(query))
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues.map(({ code, path, message }) => ({
    type: code,
    loc: ['query', ...path.map(String)],
    msg: message,
  }))
  const sentences = issues.map(({ loc, msg }) => `${loc.slice(1).join('.')}: ${msg}`)
  throw new GatewayError('validation_failed', sentences.join('; '), { extras: { issues } })
}
