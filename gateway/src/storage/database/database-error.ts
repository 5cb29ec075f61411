import { GatewayError } from '@routeiq/contract'
import { DrizzleQueryError } from 'drizzle-orm'
import { DatabaseError } from 'pg'

const conflictState = '23505'
const dataClass = '22'
/** SQLSTATE classes that say the server cannot serve now: connection, resources, operator intervention, system. */
const outageClasses = ['08', '53', '57', '58']

/**
 * Runs a query and turns its failure into the catalogue's terms: `conflict` for a value already taken,
 * `invalid_request` for one that cannot be stored, `storage_unavailable` when the database did not answer.
 * Other failures are our own mistakes and pass through as their database error, without the statement and
 * parameters the query builder would add.
 */
export async function guardQuery<Result>(query: PromiseLike<Result>): Promise<Result> {
  try {
    return await query
  } catch (error) {
    throw describeFailure(rootCause(error))
  }
}

function describeFailure(cause: unknown): unknown {
  if (cause instanceof GatewayError || cause instanceof TypeError || cause instanceof RangeError) return cause
  if (!(cause instanceof DatabaseError)) return storageUnavailable(cause)
  const state = cause.code ?? ''
  if (state === conflictState) return new GatewayError('conflict', 'The value is already taken.', { cause })
  if (state.startsWith(dataClass)) {
    return new GatewayError('invalid_request', 'A value holds characters or a size that cannot be stored.', {
      cause,
    })
  }
  return outageClasses.includes(state.slice(0, 2)) ? storageUnavailable(cause) : cause
}

function storageUnavailable(cause: unknown): GatewayError {
  return new GatewayError('storage_unavailable', 'The database did not answer; try again shortly.', {
    cause,
    retryAfterSeconds: 1,
  })
}

/** The driver's error below the query builder's wrapper, whose message would repeat SQL and parameters. */
export function rootCause(error: unknown): unknown {
  return error instanceof DrizzleQueryError && error.cause !== undefined ? error.cause : error
}

/** The database is there and says these values cannot be stored: trying the same again cannot succeed. */
export function isRefusedData(error: unknown): boolean {
  const cause = error instanceof GatewayError ? error.cause : error
  return cause instanceof DatabaseError && /^2[23]/.test(cause.code ?? '')
}
