import type { HeaderFields } from '../http1/header-fields.ts'
import { refuseOperatorHost } from '../transport/egress/operator-egress.ts'
import type { Transport, UpstreamSink } from '../transport/transport.ts'
import { createNetworkTransport } from './network-transport.ts'

const timeoutMs = 30_000
const maxRedirects = 3

interface Fetched {
  readonly status: number
  readonly location: string | null
  readonly text: string
}

/**
 * The text at a URL the operator wrote. Redirects are followed, three at most, and each place is judged like the
 * first: metadata services and link-local addresses are never asked. Errors: throws an Error without addresses.
 */
export async function fetchText(url: string, maxBytes: number): Promise<string> {
  const transport = createNetworkTransport({ maxConnectionsPerOrigin: 1 })
  try {
    let place = new URL(url)
    for (let redirects = 0; redirects <= maxRedirects; redirects += 1) {
      const { status, location, text } = await fetchOnce(transport, place, maxBytes)
      if (status === 200) return text
      if (status < 300 || status >= 400 || location === null) throw new Error(`status ${status}`)
      place = new URL(location, place)
    }
    throw new Error(`more than ${maxRedirects} redirects`)
  } finally {
    await transport.close()
  }
}

function fetchOnce(transport: Transport, url: URL, maxBytes: number): Promise<Fetched> {
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new Error('a redirect to another scheme than http or https')
  const refusal = refuseOperatorHost(url.hostname)
  if (refusal !== null) throw new Error(`the address may not be called, because ${refusal}`)
  return new Promise((resolve, reject) => {
    const sink = new TextSink(maxBytes, resolve, (error) => {
      call.cancel()
      clearTimeout(deadline)
      reject(error)
    })
    const { origin, pathname, search } = url
    const request = {
      origin,
      method: 'GET',
      path: pathname + search,
      headers: ['accept', 'application/json'],
      body: null,
    } as const
    const call = transport.send(request, sink)
    const deadline = setTimeout(() => sink.onFailure(new Error('no answer in time')), timeoutMs)
    sink.whenDone = () => clearTimeout(deadline)
  })
}

class TextSink implements UpstreamSink {
  whenDone: () => void = () => {}
  readonly #maxBytes: number
  readonly #resolve: (fetched: Fetched) => void
  readonly #reject: (error: Error) => void
  readonly #chunks: Buffer[] = []
  #size = 0
  #status = 0
  #location: string | null = null

  constructor(maxBytes: number, resolve: (fetched: Fetched) => void, reject: (error: Error) => void) {
    this.#maxBytes = maxBytes
    this.#resolve = resolve
    this.#reject = reject
  }

  onHeaders(status: number, headers: HeaderFields): void {
    this.#status = status
    this.#location = headers.get('location') ?? null
  }

  onData(chunk: Buffer): boolean {
    this.#size += chunk.length
    if (this.#size > this.#maxBytes) this.#reject(new Error(`more than ${this.#maxBytes} bytes`))
    else this.#chunks.push(chunk)
    return true
  }

  onEnd(): void {
    this.whenDone()
    const text = Buffer.concat(this.#chunks).toString('utf8')
    this.#resolve({ status: this.#status, location: this.#location, text })
  }

  onFailure(error: Error & { code?: unknown }): void {
    this.#reject(typeof error.code === 'string' ? new Error(`the connection failed (${error.code})`) : error)
  }
}
