import { setMaxListeners } from 'node:events'
import type { HeaderFields } from '../../http1/header-fields.ts'
import type { Transport, UpstreamCall, UpstreamSink } from '../../transport/transport.ts'

const maxJsonBytes = 32 * 1_048_576
const maxLineBytes = 1_048_576
const maxEventBytes = 8 * 1_048_576
/** Octets of an answer that may wait for a reader. */
const maxBufferedBytes = 1_048_576
/** A document up to this long is handed over at once, and no stream is made for it. */
const maxHeldBytes = 65_536
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
    const url = target instanceof URL ? target : new URL(target)
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
  for (const [name, value] of init instanceof Headers ? init : new Headers(init)) flat.push(name, value)
  return flat
}

function bodyOf(body: RequestInit['body']): Buffer | null {
  if (body === undefined || body === null) return null
  if (typeof body === 'string' || body instanceof URLSearchParams) return Buffer.from(String(body))
  if (body instanceof Uint8Array) return Buffer.from(body)
  throw new TypeError('This fetch sends text and octets only.')
}

/** An answer whose content is here already, for `text`, `json`, `arrayBuffer` and `body`; nobody copies it. */
function holdResponse(content: Buffer<ArrayBuffer>, head: ResponseInit): Response {
  const text = async (): Promise<string> => new TextDecoder().decode(content)
  return Object.defineProperties(new Response(null, head), {
    body: { get: () => new Response(content).body },
    text: { value: text },
    json: { value: async (): Promise<unknown> => JSON.parse(await text()) },
    arrayBuffer: { value: async (): Promise<ArrayBuffer> => new Uint8Array(content).buffer },
  })
}

class FetchExchange implements UpstreamSink {
  call: UpstreamCall | null = null
  readonly #signal: AbortSignal | null
  readonly #resolve: (response: Response) => void
  readonly #reject: (error: Error) => void
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null
  #head: ResponseInit = {}
  /** What has come of a document; null for an answer that is handed over as it comes. */
  #held: Buffer[] | null = null
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
    if (signal === null) return
    // All calls of one session have one signal, and each listens.
    setMaxListeners(0, signal)
    signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  onHeaders(status: number, fields: HeaderFields): void {
    const headers = new Headers()
    for (const [at, name] of fields.names.entries())
      if (name !== 'set-cookie') headers.append(name, fields.values[at] ?? '')
    const type = headers.get('content-type') ?? ''
    this.#isStream = /^text\/event-stream\b/i.test(type)
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
    this.#head = { status, headers }
    if (/^application\/json\b/i.test(type)) this.#held = []
    else this.#handOver()
  }

  /** The answer begins, and the rest of it follows. */
  #handOver(): void {
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
    this.#resolve(new Response(body, this.#head))
  }

  onData(chunk: Buffer): boolean {
    if (this.#isDone) return false
    const problem = this.#isStream ? this.#measureStream(chunk) : this.#measureWhole(chunk)
    if (problem !== null) {
      this.#fail(new Error(problem))
      return false
    }
    // The transport uses its memory again.
    if (this.#held !== null) {
      this.#held.push(Buffer.from(chunk))
      if (this.#total <= maxHeldBytes) return true
      const content = Buffer.concat(this.#held)
      this.#held = null
      this.#handOver()
      this.#controller?.enqueue(content)
    } else this.#controller?.enqueue(new Uint8Array(chunk))
    this.#isPaused = (this.#controller?.desiredSize ?? 1) <= 0
    return !this.#isPaused
  }

  onEnd(): void {
    if (this.#isDone) return
    this.#finish()
    if (this.#held !== null) this.#resolve(holdResponse(Buffer.concat(this.#held), this.#head))
    else this.#controller?.close()
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
