import { createHmac } from 'node:crypto'
import type { Deployment } from '../../deployments/deployment.ts'
import type { Authorization } from '../../transport/authorization.ts'

/** An account at a vendor that keeps skills itself. */
export interface SkillAccount {
  /** The model that leads to it, or the vendor for the account of the environment. */
  readonly name: string
  readonly vendor: 'anthropic' | 'openai'
  /** Tells accounts apart without telling their credentials: HMAC-SHA-256 over address and credentials. */
  readonly fingerprint: string
  readonly origin: string
  /** `/v1/skills`, behind whatever the base URL has. */
  readonly path: string
  /** Flat name, value list with the credentials. */
  readonly headers: readonly string[]
  readonly authorization: Authorization | null
}

const chatPath = /\/(?:messages|chat\/completions|responses)(?:\?.*)?$/

/**
 * The account a deployment belongs to; null where its vendor keeps no skills. `headers` are those of the deployment, or
 * with a credential the caller brought.
 */
export function accountOf(
  { group, provider, origin, paths, headers: own, authorization, id }: Deployment,
  secret: Buffer,
  headers: readonly string[] = own,
): SkillAccount | null {
  const vendor = provider.id
  if (vendor !== 'anthropic' && vendor !== 'openai') return null
  const chat = paths.chat
  if (chat === null || !chatPath.test(chat)) return null
  const path = chat.replace(chatPath, '/skills')
  // A login that is renewed is known by who uses it.
  const credentials = authorization === null ? headers : [id]
  const fingerprint = fingerprintOf(secret, [origin, path, ...withoutContentType(credentials)])
  return {
    ...{ name: group, vendor, fingerprint, origin, path, authorization },
    headers: withoutContentType(headers),
  }
}

export function fingerprintOf(secret: Buffer, facts: readonly string[]): string {
  return createHmac('sha256', secret)
    .update(`skill account\n${facts.join('\n')}`)
    .digest('hex')
}

function withoutContentType(headers: readonly string[]): string[] {
  return headers.filter((_, index) => headers[index - (index % 2)] !== 'content-type')
}
