import type { RequestHeaders } from '../http/server/parse-request-head.ts'
import type { HeaderFields } from '../http1/header-fields.ts'
import { readCredential } from '../identity/credential.ts'
import type { PassThroughTarget } from './pass-through-target.ts'

/** Hop-by-hop headers, those the transport writes, and those that say who is in front of us. */
const own = new Set([
  ...['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection'],
  ...['te', 'trailer', 'transfer-encoding', 'upgrade', 'expect', 'host', 'content-length'],
  // Usage is read on the side, so answers must come plain.
  ...['accept-encoding', 'forwarded', 'via', 'x-real-ip', 'x-request-id', 'cookie', 'origin', 'referer'],
])
/** Where clients put credentials. */
const credentials = new Set([
  ...['authorization', 'x-api-key', 'api-key', 'x-goog-api-key', 'ocp-apim-subscription-key'],
  ...['x-admin-api-key', 'x-amz-security-token', 'x-amz-date', 'x-amz-content-sha256'],
])
const gatewayPrefix = /^(?:x-litellm-|x-routeiq-|x-forwarded-|sec-|cf-)/
/** What an endpoint of the operator's own gets even when it wants no headers of the client. */
const always = new Set(['content-type', 'accept', 'traceparent', 'tracestate'])

/**
 * The header list of a raw call: the client's headers without any credential, and the operator's over them. A
 * header that holds the presented key anywhere stays here too, whatever its name.
 */
export function buildUpstreamHeaders(
  headers: RequestHeaders,
  target: PassThroughTarget,
  keyHeaderName: string | null,
  traceparent: string | null,
): readonly string[] {
  const credential = readCredential(headers, keyHeaderName)
  const presented = credential.kind === 'key' ? credential.value : null
  const replaced = new Set(target.headers.filter((_, index) => index % 2 === 0))
  const kept: string[] = []
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || replaced.has(name)) continue
    if (own.has(name) || credentials.has(name) || name === keyHeaderName || gatewayPrefix.test(name)) continue
    if (!target.forwardsHeaders && !always.has(name)) continue
    if (name === 'traceparent' && traceparent !== null) continue
    if (presented !== null && value.includes(presented)) continue
    kept.push(name, value)
  }
  if (traceparent !== null) kept.push('traceparent', traceparent)
  return [...kept, ...target.headers]
}

const notForClients = new Set([
  ...['connection', 'keep-alive', 'proxy-authenticate', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
  ...['set-cookie', 'set-cookie2', 'www-authenticate', 'authorization', 'x-request-id', 'alt-svc'],
  // The body is sent in chunks, whatever its length.
  ...['content-length', 'strict-transport-security', 'date', 'server', 'via'],
])

/** What of a provider's head the client gets, as a flat list. */
export function buildClientHeaders({ names, values }: HeaderFields): string[] {
  return names.flatMap((name, at) =>
    notForClients.has(name) || name.startsWith('access-control-') ? [] : [name, values[at] ?? ''],
  )
}
