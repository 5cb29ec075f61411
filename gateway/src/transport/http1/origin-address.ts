import { transportError } from './upstream-error.ts'

export interface OriginAddress {
  readonly secure: boolean
  /** Name or address to connect to, IPv6 without brackets. */
  readonly hostname: string
  readonly port: number
  /** The `host` header's value. */
  readonly host: string
}

/** @throws UpstreamError `UPSTREAM_INVALID_REQUEST` when the text is more or less than an http or https origin */
export function parseOrigin(origin: string): OriginAddress {
  const url = URL.canParse(origin) ? new URL(origin) : null
  const plain = url !== null && url.href === `${url.origin}/`
  if (!plain || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw transportError('UPSTREAM_INVALID_REQUEST', 'The origin is not an http or https origin.')
  }
  const secure = url.protocol === 'https:'
  return {
    secure,
    hostname: url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname,
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    host: url.host,
  }
}
