import type { TokenGrant } from './authorization.ts'
import { type ReadTextFile, takeSteps } from './take-steps.ts'
import type { Transport } from './transport.ts'

/** How long before its end a token is replaced; at most half its life. */
const refreshAheadMs = 300_000
/** Pause after a refresh that failed while the old token still works. */
const retryAfterMs = 10_000

interface KeptToken {
  readonly token: string
  readonly expiresAt: number
  /** From then on a request that needs the token has it replaced, without waiting for that. */
  refreshAt: number
}

/** The tokens of all accounts. There is no timer: requests keep them fresh, and idle accounts ask for nothing. */
export class AccessTokens {
  readonly #transport: Transport
  readonly #now: () => number
  readonly #readTextFile: ReadTextFile
  readonly #kept = new Map<string, KeptToken>()
  readonly #pending = new Map<string, Promise<string>>()

  constructor(transport: Transport, now: () => number, readTextFile: ReadTextFile) {
    this.#transport = transport
    this.#readTextFile = readTextFile
    this.#now = now
  }

  /** A token that is good now: the one at hand, else a new one. Errors: rejects with AuthorizationError. */
  async get(grant: TokenGrant): Promise<string> {
    const kept = this.#kept.get(grant.account)
    const now = this.#now()
    if (kept === undefined || now >= kept.expiresAt) return this.#renew(grant)
    if (now >= kept.refreshAt) {
      kept.refreshAt = now + retryAfterMs
      this.#renew(grant).catch(() => {})
    }
    return kept.token
  }

  /** The provider refused this token, so the next request asks for another. */
  forget(grant: TokenGrant, token: string): void {
    if (this.#kept.get(grant.account)?.token === token) this.#kept.delete(grant.account)
  }

  /** Requests that come meanwhile wait for the same answer. */
  #renew(grant: TokenGrant): Promise<string> {
    const { account } = grant
    const pending = this.#pending.get(account)
    if (pending !== undefined) return pending
    const fetched = this.#replace(grant).finally(() => this.#pending.delete(account))
    this.#pending.set(account, fetched)
    return fetched
  }

  async #replace(grant: TokenGrant): Promise<string> {
    const askedAt = this.#now()
    const { token, lifetimeMs } = await takeSteps(grant, askedAt, this.#transport, this.#readTextFile)
    const expiresAt = askedAt + lifetimeMs
    const refreshAt = expiresAt - Math.min(refreshAheadMs, lifetimeMs / 2)
    this.#kept.set(grant.account, { token, expiresAt, refreshAt })
    return token
  }
}
