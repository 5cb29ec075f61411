import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import type { BlobSealer } from '../../conversation/blob-sealer.ts'
import type { Fetch } from '../upstream/guarded-fetch.ts'

const maxDocumentBytes = 65_536
const documentTimeoutMs = 10_000
const loopback = new Set(['127.0.0.1', '[::1]', 'localhost'])

/** A client of the gateway's own sign-in. */
export interface GatewayClient {
  readonly clientId: string
  readonly name: string
  readonly redirectUris: readonly string[]
  /** SHA-256 hex; null for clients without a secret. */
  readonly secretHash: string | null
}

export const registrationBody = z.object({
  redirect_uris: z
    .array(
      z
        .string()
        .max(512)
        .refine(isRedirectUri, 'must be https, or http on a loopback address, and without a fragment'),
    )
    .min(1)
    .max(10),
  client_name: z.string().max(100).nullish(),
  token_endpoint_auth_method: z.enum(['none', 'client_secret_basic', 'client_secret_post']).nullish(),
})

const documentBody = z.object({
  client_id: z.string(),
  client_name: z.string().max(100).nullish(),
  redirect_uris: z.array(z.string().max(2_048)).min(1).max(20),
})

/**
 * Clients of the gateway's sign-in. What a client registers is sealed into its id, so that anybody may register and
 * nothing has to be kept; a client whose id is an https URL is described by the document there.
 */
export class GatewayClients {
  readonly #sealer: () => BlobSealer
  readonly #fetch: Fetch

  constructor(sealer: () => BlobSealer, fetch: Fetch) {
    this.#sealer = sealer
    this.#fetch = fetch
  }

  /** The answer of RFC 7591. Its redirect URIs have been judged. */
  register(body: z.infer<typeof registrationBody>): Record<string, unknown> {
    const method = body.token_endpoint_auth_method ?? 'none'
    const secret = method === 'none' ? null : randomBytes(32).toString('base64url')
    const name = body.client_name ?? 'An application'
    const payload = JSON.stringify([name, body.redirect_uris, secret === null ? null : digest(secret)])
    const clientId = this.#sealer().seal({ form: 'mcp', family: 'client', account: '', payload })
    return {
      client_id: clientId,
      ...(secret !== null && { client_secret: secret, client_secret_expires_at: 0 }),
      client_id_issued_at: Math.floor(Date.now() / 1000),
      client_name: name,
      redirect_uris: body.redirect_uris,
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: method,
    }
  }

  /** Errors: 400 `invalid_request` for an unknown client. */
  async find(clientId: string): Promise<GatewayClient> {
    if (/^https:\/\//i.test(clientId)) return this.#readDocument(clientId)
    const blob = this.#sealer().open(clientId)
    if (blob === null || blob.family !== 'client') throw unknownClient()
    const [name, redirectUris, secretHash] = JSON.parse(blob.payload) as [string, string[], string | null]
    return { clientId, name, redirectUris, secretHash }
  }

  async #readDocument(url: string): Promise<GatewayClient> {
    if (new URL(url).pathname === '/') throw unknownClient()
    try {
      const signal = AbortSignal.timeout(documentTimeoutMs)
      const answer = await this.#fetch(url, { headers: { accept: 'application/json' }, signal })
      const text = answer.ok ? await answer.text() : ''
      if (text.length > maxDocumentBytes) throw unknownClient()
      const document = documentBody.parse(JSON.parse(text))
      if (document.client_id !== url) throw unknownClient()
      const name = document.client_name ?? new URL(url).host
      return { clientId: url, name, redirectUris: document.redirect_uris, secretHash: null }
    } catch {
      throw unknownClient()
    }
  }
}

/** Whether a client may be answered there: exactly a URI it registered, on loopback at any port (RFC 8252). */
export function mayRedirectTo({ redirectUris }: GatewayClient, uri: string): boolean {
  return isRedirectUri(uri) && redirectUris.some((known) => known === uri || isSameLoopback(known, uri))
}

export function isSecretOf({ secretHash }: GatewayClient, secret: string | null): boolean {
  if (secretHash === null) return true
  return secret !== null && timingSafeEqual(Buffer.from(digest(secret)), Buffer.from(secretHash))
}

function isRedirectUri(uri: string): boolean {
  if (!URL.canParse(uri)) return false
  const { protocol, hostname, hash, username } = new URL(uri)
  if (hash !== '' || username !== '') return false
  return protocol === 'https:' || (protocol === 'http:' && loopback.has(hostname))
}

function isSameLoopback(known: string, uri: string): boolean {
  if (!URL.canParse(known)) return false
  const [a, b] = [new URL(known), new URL(uri)]
  if (a.protocol !== 'http:' || !loopback.has(a.hostname)) return false
  a.port = b.port
  return a.href === b.href
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function unknownClient(): GatewayError {
  return new GatewayError('invalid_request', 'client_id names no client; register it first.', {
    param: 'client_id',
  })
}
