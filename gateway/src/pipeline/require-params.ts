import { GatewayError } from '@routeiq/contract'
import type { ModelRequest } from './model-request.ts'

/** Holds a request to what its key and the operator want every body to have. Errors: 400 naming the member. */
export function requireParams({ caller, body, options, runtime }: ModelRequest): void {
  if (runtime.config.governance.enforcesUser && options.endUser === null) throw missing('user')
  for (const name of caller.enforcedParams) if (!isGiven(body, name)) throw missing(name)
}

function isGiven(body: Readonly<Record<string, unknown>>, name: string): boolean {
  let value: unknown = body
  for (const step of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return false
    value = (value as Readonly<Record<string, unknown>>)[step]
  }
  return value !== undefined && value !== null
}

function missing(name: string): GatewayError {
  return new GatewayError(
    'invalid_request',
    `BadRequest please pass param=${name} in request body. This is a required param`,
    { param: name },
  )
}
