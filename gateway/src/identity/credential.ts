import type { IncomingHttpHeaders } from 'node:http'

/** What a request presents: nothing, something that cannot be a key, or a key to look up. */
export type Credential =
  | { readonly kind: 'none' }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'key'; readonly value: string }

const none: Credential = { kind: 'none' }
const malformed: Credential = { kind: 'malformed' }
const plainHeaders = ['api-key', 'x-api-key', 'x-goog-api-key', 'ocp-apim-subscription-key'] as const

/**
 * Reads the gateway key from a request. The first source present wins and there is no fall-through to a later
 * one: admin header, configured header, `x-litellm-api-key`, `Authorization`, then the vendors' own headers.
 */
export function readCredential(headers: IncomingHttpHeaders, keyHeaderName: string | null): Credential {
  const admin = headers['x-admin-api-key']
  if (admin !== undefined) return keyFrom(admin)
  const named = keyHeaderName === null ? undefined : headers[keyHeaderName]
  const own = named ?? headers['x-litellm-api-key'] ?? headers['x-routeiq-api-key']
  if (own !== undefined) return keyFrom(own)
  const authorization = headers.authorization
  if (authorization !== undefined) return fromAuthorization(authorization)
  for (const name of plainHeaders) {
    const value = headers[name]
    if (value !== undefined) return keyFrom(value)
  }
  return none
}

function keyFrom(header: string | string[]): Credential {
  const text = (typeof header === 'string' ? header : (header[0] ?? '')).trim()
  const value = startsWithScheme(text, 'bearer ') ? text.slice(7).trim() : text
  return value === '' || isBearer(value) ? none : { kind: 'key', value }
}

function fromAuthorization(header: string): Credential {
  if (startsWithScheme(header, 'bearer ')) return keyFrom(header)
  const text = header.trim()
  if (text === '' || isBearer(text)) return none
  if (startsWithScheme(text, 'basic ')) return fromBasic(text.slice(6))
  const signed = /Credential=Bearer (sk-[^,/\s]+)/.exec(text)
  return signed?.[1] === undefined ? malformed : { kind: 'key', value: signed[1] }
}

function fromBasic(encoded: string): Credential {
  const [user = '', ...rest] = Buffer.from(encoded.trim(), 'base64').toString('utf8').split(':')
  const password = rest.join(':')
  const value = password === '' || (!password.startsWith('sk-') && user.startsWith('sk-')) ? user : password
  return value === '' ? malformed : { kind: 'key', value }
}

/** The scheme without a key behind it. */
function isBearer(text: string): boolean {
  return text.toLowerCase() === 'bearer'
}

function startsWithScheme(header: string, scheme: string): boolean {
  return header.length >= scheme.length && header.slice(0, scheme.length).toLowerCase() === scheme
}
