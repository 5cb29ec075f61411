import { GatewayError } from '@routeiq/contract'

/** What one request may do with kept answers. */
export interface CacheControl {
  readonly reads: boolean
  readonly writes: boolean
  readonly ttlMs: number
  /** Oldest answer that will do; null for any. */
  readonly maxAgeMs: number | null
  readonly namespace: string | null
}

export interface CacheDefaults {
  readonly ttlMs: number
  /** False leaves out requests that do not ask for it. */
  readonly isOnByDefault: boolean
}

/**
 * Reads `cache` of a body and the header `x-routeiq-cache-control`. `allowed` names the controls its key may use; empty means
 * all. Errors: 400 for a wrong type, 403 for a control the key may not use.
 */
export function readCacheControl(
  member: unknown,
  header: string | null,
  allowed: readonly string[],
  defaults: CacheDefaults,
): CacheControl {
  const asked = readMember(member)
  const words = new Set(header?.split(',').map((word) => word.trim().toLowerCase()))
  const used = [...Object.keys(asked), ...words].filter((name) => controls.has(name))
  const refused = allowed.length === 0 ? undefined : used.find((name) => !allowed.includes(name))
  if (refused !== undefined)
    throw new GatewayError('permission_denied', `This key may not use the cache control ${refused}.`, {
      param: 'cache',
    })
  const isOff = !defaults.isOnByDefault && readBoolean(asked, 'use-cache') !== true
  const noCache = readBoolean(asked, 'no-cache') === true || words.has('no-cache')
  const noStore = readBoolean(asked, 'no-store') === true || words.has('no-store')
  const namespace = asked['namespace']
  if (namespace !== undefined && typeof namespace !== 'string') throw wrong('namespace', 'text')
  return {
    reads: !isOff && !noCache,
    writes: !isOff && !noStore,
    ttlMs: (readSeconds(asked, 'ttl') ?? defaults.ttlMs / 1000) * 1000,
    maxAgeMs: toMs(readSeconds(asked, 's-maxage') ?? readSeconds(asked, 's-max-age')),
    namespace: namespace ?? null,
  }
}

const controls = new Set(['ttl', 's-maxage', 's-max-age', 'no-cache', 'no-store', 'namespace', 'use-cache'])

type Member = Readonly<Record<string, unknown>>

function readMember(member: unknown): Member {
  if (member === undefined || member === null) return {}
  if (typeof member !== 'object' || Array.isArray(member))
    throw new GatewayError('invalid_request', '`cache` must be an object.', { param: 'cache' })
  return member as Member
}

function readBoolean(member: Member, name: string): boolean | null {
  const value = member[name]
  if (value === undefined || value === null) return null
  if (typeof value !== 'boolean') throw wrong(name, 'true or false')
  return value
}

function readSeconds(member: Member, name: string): number | null {
  const value = member[name]
  if (value === undefined || value === null) return null
  if (typeof value !== 'number' || !(value >= 0)) throw wrong(name, 'a number of seconds')
  return value
}

const toMs = (seconds: number | null): number | null => (seconds === null ? null : seconds * 1000)

function wrong(name: string, expected: string): GatewayError {
  return new GatewayError('invalid_request', `\`cache.${name}\` must be ${expected}.`, {
    param: `cache.${name}`,
  })
}
