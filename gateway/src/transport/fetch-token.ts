import { type AccessToken, AuthorizationError } from './authorization.ts'
import type { Transport, UpstreamCall, UpstreamRequest, UpstreamSink } from './transport.ts'

const timeoutMs = 30_000
const maxBytes = 262_144
/** For endpoints that do not say how long their token lives. */
const defaultLifetimeMs = 300_000

/** The token an answer holds, null when it holds none. */
type ReadToken = (body: string) => AccessToken | null

/** Asks a token endpoint. Errors: rejects with AuthorizationError. */
export function fetchToken(
  transport: Transport,
  request: UpstreamRequest,
  read: ReadToken = readBearerToken,
): Promise<AccessToken> {
  return new Promise((resolve, reject) => {
    let call: UpstreamCall | null = null
    const timer = setTimeout(() => {
      call?.cancel()
      reject(new AuthorizationError(0, 'The token endpoint did not answer in time'))
    }, timeoutMs)
    const sink = new TokenSink(read, (error, token) => {
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
  readonly #read: ReadToken
  readonly #settle: Settle
  readonly #chunks: Buffer[] = []
  #size = 0
  #status = 0

  constructor(read: ReadToken, settle: Settle) {
    this.#read = read
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
    const body = Buffer.concat(this.#chunks).toString('utf8')
    const token = this.#status < 300 ? this.#read(body) : null
    if (token !== null) {
      this.#settle(null, token)
      return
    }
    const code = findErrorCode(body)
    const status = this.#status < 300 ? 502 : this.#status
    this.#settle(
      new AuthorizationError(
        status,
        `The token endpoint gave no token (status ${this.#status}${code === null ? '' : `, ${code}`})`,
      ),
      null,
    )
  }

  onFailure(error: Error): void {
    this.#settle(new AuthorizationError(0, 'The token endpoint could not be reached', error), null)
  }
}

function readBearerToken(body: string): AccessToken | null {
  const answer = parseObject(body)
  const token = answer['access_token']
  if (typeof token !== 'string' || token === '') return null
  // Microsoft's older endpoints send the number as text.
  const seconds = Number(answer['expires_in'])
  return { token, lifetimeMs: seconds > 0 ? seconds * 1000 : defaultLifetimeMs }
}

/** `error` of a JSON answer, `<Code>` of AWS's; nothing else of a refusal is shown. */
function findErrorCode(body: string): string | null {
  const code = parseObject(body)['error'] ?? /<Code>(\w+)<\/Code>/.exec(body)?.[1]
  return typeof code === 'string' && /^\w{1,64}$/.test(code) ? code : null
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
