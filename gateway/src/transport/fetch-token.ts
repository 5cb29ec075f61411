import { AuthorizationError } from './authorization.ts'
import type { Transport, UpstreamCall, UpstreamRequest, UpstreamSink } from './transport.ts'

const timeoutMs = 30_000
const maxBytes = 262_144
/** For endpoints that do not say how long their token lives. */
const defaultLifetimeMs = 300_000

export interface AccessToken {
  readonly token: string
  readonly lifetimeMs: number
}

/** Asks a token endpoint. Errors: rejects with AuthorizationError. */
export function fetchToken(transport: Transport, request: UpstreamRequest): Promise<AccessToken> {
  return new Promise((resolve, reject) => {
    let call: UpstreamCall | null = null
    const timer = setTimeout(() => {
      call?.cancel()
      reject(new AuthorizationError(0, 'The token endpoint did not answer in time'))
    }, timeoutMs)
    const sink = new TokenSink((error, token) => {
      clearTimeout(timer)
      if (error === null) resolve(token)
      else reject(error)
    })
    try {
      call = transport.send(request, sink)
    } catch (error) {
      sink.onFailure(error instanceof Error ? error : new Error(String(error)))
    }
  })
}

type Settle = (...result: [AuthorizationError, null] | [null, AccessToken]) => void

class TokenSink implements UpstreamSink {
  readonly #settle: Settle
  readonly #chunks: Buffer[] = []
  #size = 0
  #status = 0

  constructor(settle: Settle) {
    this.#settle = settle
  }

  onHeaders(status: number): void {
    this.#status = status
  }

  onData(chunk: Buffer): boolean {
    this.#size += chunk.length
    if (this.#size <= maxBytes) this.#chunks.push(chunk)
    return true
  }

  onEnd(): void {
    const body = parseObject(Buffer.concat(this.#chunks).toString('utf8'))
    const token = body['access_token']
    if (this.#status < 300 && typeof token === 'string' && token !== '') {
      // Microsoft's older endpoints send the number as text.
      const seconds = Number(body['expires_in'])
      this.#settle(null, { token, lifetimeMs: seconds > 0 ? seconds * 1000 : defaultLifetimeMs })
      return
    }
    const code =
      typeof body['error'] === 'string' && /^\w{1,64}$/.test(body['error']) ? `, ${body['error']}` : ''
    const status = this.#status < 300 ? 502 : this.#status
    this.#settle(
      new AuthorizationError(status, `The token endpoint gave no token (status ${this.#status}${code})`),
      null,
    )
  }

  onFailure(error: Error): void {
    this.#settle(new AuthorizationError(0, 'The token endpoint could not be reached', error), null)
  }
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
