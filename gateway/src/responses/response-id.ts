import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { parseJson } from '../conversation/json-value.ts'

const prefix = 'resp_'
const version = 1
const keyBytes = 32
const tagBytes = 16

/** A response that a provider keeps. */
export interface KeptUpstream {
  readonly deploymentId: string
  readonly upstreamId: string
}

/**
 * Public ids of responses that a provider keeps: `resp_` and base64url of a version, deployment and provider's id, and
 * a MAC over these and the owner. They are the same every time, every replica with the same secret can read them, and
 * nobody can make one up or use another's. The key is derived from `secret` by HKDF-SHA-256.
 */
export class ResponseIds {
  readonly #key: Buffer

  constructor(secret: string | Buffer) {
    this.#key = Buffer.from(hkdfSync('sha256', secret, '', 'routeiq response id 1', keyBytes))
  }

  seal(owner: string, { deploymentId, upstreamId }: KeptUpstream): string {
    const content = Buffer.from(JSON.stringify([deploymentId, upstreamId]))
    const sealed = Buffer.concat([Buffer.of(version), content, this.#tag(owner, content)])
    return prefix + sealed.toString('base64url')
  }

  /** Null for an id of another kind, of another owner, or that was tampered with. */
  open(owner: string, id: string): KeptUpstream | null {
    if (!id.startsWith(prefix)) return null
    const bytes = Buffer.from(id.slice(prefix.length), 'base64url')
    if (bytes[0] !== version || bytes.length <= 1 + tagBytes) return null
    const content = bytes.subarray(1, -tagBytes)
    if (!timingSafeEqual(bytes.subarray(-tagBytes), this.#tag(owner, content))) return null
    const [deploymentId, upstreamId] = parseJson(content.toString('utf8')) as [string, string]
    return { deploymentId, upstreamId }
  }

  #tag(owner: string, content: Buffer): Buffer {
    const mac = createHmac('sha256', this.#key).update(JSON.stringify(owner)).update(content)
    return mac.digest().subarray(0, tagBytes)
  }
}
