import type { HeaderFields } from '../../http1/header-fields.ts'
import type { Transport, UpstreamCall, UpstreamSink } from '../../transport/transport.ts'

const maxJsonBytes = 32 * 1_048_576
const maxLineBytes = 1_048_576
const maxEventBytes = 8 * 1_048_576
/** Octets of an answer that may wait for a reader. */
const maxBufferedBytes = 1_048_576
const lineFeed = 10
const carriageReturn = 13

/** The part of `fetch` that the packages of the protocol use. */
export type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>

/** Why an address may not be called at all. */
export class EgressRefused extends Error {}

/**
 * `fetch` over the gateway's own transport, which judges every address it dials. Follows no redirect, sends no cookie,
 * and ends an answer that is longer than it may be. `refuseUrl` is asked before anything is sent.
 */
export function createGuardedFetch(transport: Transport, refuseUrl: (url: string) => string | null): Fetch {
  return (target, init = {}) => {
    const url = new URL(target)
    const refusal = refuseUrl(url.href)
    if (refusal !== null)
      return Promise.reject(new EgressRefused(`The address may not be called: ${refusal}.`))
    if (init.signal?.aborted === true) return Promise.reject(abortReason(init.signal))
    return new Promise((resolve, reject) => {
      const exchange = new FetchExchange(init.signal ?? null, resolve, reject)
      try {
        exchange.call = transport.send(
          {
            origin: url.origin,
            method: (init.method ?? 'GET') as 'GET',
            path: url.pathname + url.search,
            headers: headersOf(init.headers, url.host),
            body: bodyOf(init.body),
          },
          exchange,
        )
      } catch (error) {
        exchange.onFailure(error as Error)
      }
    })
  }
}

function headersOf(init: RequestInit['headers'], host: string): string[] {
  const flat = ['host', host]
  for (const [name, value] of new Headers(init)) flat.push(name, value)
  return flat
}

function bodyOf(body: RequestInit['body']): Buffer | null {
  if (body === undefined || body === null) return null
  if (typeof body === 'string' || body instanceof URLSearchParams) return Buffer.from(String(body))
  if (body instanceof Uint8Array) return Buffer.from(body)
  throw new TypeError('This fetch sends text and octets only.')
}

class FetchExchange implements UpstreamSink {
  call: UpstreamCall | null = null
  readonly #signal: AbortSignal | null
  readonly #resolve: (response: Response) => void
  readonly #reject: (error: Error) => void
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null
  #isStream = false
  #total = 0
  #line = 0
  #event = 0
  #isPaused = false
  #isDone = false

  constructor(
    signal: AbortSignal | null,
    resolve: (response: Response) => void,
    reject: (error: Error) => void,
  ) {
    this.#signal = signal
    this.#resolve = resolve
    this.#reject = reject
    signal?.addEventListener('abort', this.#onAbort, { once: true })
  }

  onHeaders(status: number, fields: HeaderFields): void {
    const headers = new Headers()
    for (const [at, name] of fields.names.entries())
      if (name !== 'set-cookie') headers.append(name, fields.values[at] ?? '')
    this.#isStream = /^text\/event-stream\b/i.test(headers.get('content-type') ?? '')
    const encoding = headers.get('content-encoding') ?? 'identity'
    if (encoding !== 'identity') {
      this.#fail(new Error(`the answer is encoded as ${encoding}, which was not asked for`))
      return
    }
    const hasBody = status !== 204 && status !== 205 && status !== 304
    if (!hasBody) {
      this.#resolve(new Response(null, { status, headers }))
      return
    }
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        pull: () => this.#resume(),
        cancel: () => this.#stop(),
      },
      { highWaterMark: maxBufferedBytes, size: (chunk) => chunk?.byteLength ?? 0 },
    )
    this.#resolve(new Response(body, { status, headers }))
  }

  onData(chunk: Buffer): boolean {
    if (this.#isDone) return false
    const problem = this.#isStream ? this.#measureStream(chunk) : this.#measureWhole(chunk)
    if (problem !== null) {
      this.#fail(new Error(problem))
      return false
    }
    // The transport uses its memory again.
    this.#controller?.enqueue(new Uint8Array(chunk))
    this.#isPaused = (this.#controller?.desiredSize ?? 1) <= 0
    return !this.#isPaused
  }

  onEnd(): void {
    if (this.#isDone) return
    this.#finish()
    this.#controller?.close()
  }

  onFailure(error: Error & { code?: unknown }): void {
    const code = typeof error.code === 'string' ? ` (${error.code})` : ''
    this.#fail(new TypeError(`the connection failed${code}`, { cause: error }))
  }

  readonly #onAbort = (): void => {
    if (this.#signal !== null) this.#fail(abortReason(this.#signal))
  }

  #measureWhole(chunk: Buffer): string | null {
    this.#total += chunk.length
    return this.#total > maxJsonBytes ? `an answer of more than ${maxJsonBytes} bytes` : null
  }

  /** Lines and events of a stream are bounded; the stream is not. */
  #measureStream(chunk: Buffer): string | null {
    for (const octet of chunk) {
      this.#event += 1
      if (octet === lineFeed || octet === carriageReturn) {
        if (this.#line === 0) this.#event = 0
        this.#line = 0
      } else this.#line += 1
      if (this.#line > maxLineBytes) return `a line of more than ${maxLineBytes} bytes`
      if (this.#event > maxEventBytes) return `an event of more than ${maxEventBytes} bytes`
    }
    return null
  }

  #resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.call?.resume()
  }

  #stop(): void {
    this.#finish()
    this.call?.cancel()
  }

  #fail(error: Error): void {
    if (this.#isDone) return
    this.#stop()
    if (this.#controller === null) this.#reject(error)
    else this.#controller.error(error)
  }

  #finish(): void {
    this.#isDone = true
    this.#signal?.removeEventListener('abort', this.#onAbort)
  }
}

function abortReason(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted')
}
