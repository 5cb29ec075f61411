import { GatewayError } from '@routeiq/contract'
import type { RegistryPosition, RegistrySort } from './registry-store.ts'

/** A position as clients carry it to the next page; it holds for the sort it was made with. */
export function formatCursor(sort: RegistrySort, { value, name }: RegistryPosition): string {
  // JSON has no infinity, which is where skills without a value stand.
  return Buffer.from(JSON.stringify([sort, String(value), name])).toString('base64url')
}

/** Errors: 400 for a cursor that was not made by `formatCursor` for this sort. */
export function readCursor(sort: RegistrySort, cursor: string | null): RegistryPosition | null {
  if (cursor === null || cursor === '') return null
  const parts = parse(cursor)
  const [madeFor, value, name] = Array.isArray(parts) ? (parts as unknown[]) : []
  const number = Number(value)
  if (madeFor === sort && typeof value === 'string' && typeof name === 'string' && !Number.isNaN(number))
    return { value: number, name }
  throw new GatewayError(
    'invalid_request',
    '`cursor` must be the `next_cursor` of a page with this `sort`.',
    {
      param: 'cursor',
    },
  )
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
  } catch {
    return null
  }
}
