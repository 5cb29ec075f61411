import { HeaderFields } from '../http1/header-fields.ts'
import type { Transport, UpstreamCall, UpstreamRequest, UpstreamSink } from './transport.ts'

const maxRedirects = 3

export interface FetchBytesOptions {
  readonly transport: Transport
  /** Why a host may not be called, null when it may; asked again for every redirect. */
  readonly refuseHost: (hostname: string) => string | null
  readonly maxBytes: number
  /** For each step of a redirect. */
  readonly timeoutMs: number
  readonly accept: string
  /** Redirects to other servers are refused. */
  readonly staysAtOrigin?: boolean
}

export interface FetchedBytes {
  readonly bytes: Buffer
  /** Null when the server says nothing. */
  readonly contentType: string | null
}

/** What is at a URL. Redirects are followed, three at most, and each place is judged like the first. Errors: rejects without addresses. */
export async function fetchBytes(url: string, options: FetchBytesOptions): Promise<FetchedBytes> {
  let place = new URL(url)
  for (let redirects = 0; redirects <= maxRedirects; redirects += 1) {
    const { status, location, ...fetched } = await fetchOnce(place, options)
    if (status === 200) return fetched
    if (status < 300 || status >= 400 || location === null) throw new Error(`status ${status}`)
    const next = new URL(location, place)
    if (options.staysAtOrigin === true && next.origin !== place.origin)
      throw new Error('a redirect to another server')
    place = next
  }
  throw new Error(`more than ${maxRedirects} redirects`)
}

export interface PostOptions extends FetchBytesOptions {
  /** Flat name, value list. */
  readonly headers: readonly string[]
  readonly body: Buffer
}

/** What a POST to a URL is answered with; redirects are not followed. Errors: rejects without addresses. */
export async function postForBytes(url: string, options: PostOptions): Promise<FetchedBytes> {
  const { status, ...fetched } = await fetchOnce(new URL(url), options, options)
  if (status !== 200) throw new Error(`status ${status}`)
  return fetched
}

interface Answer extends FetchedBytes {
  readonly status: number
  readonly location: string | null
}

async function fetchOnce(
  url: URL,
  { accept, ...options }: FetchBytesOptions,
  posted: Pick<PostOptions, 'headers' | 'body'> | null = null,
): Promise<Answer> {
  const { protocol, origin, pathname, search } = url
  if (protocol !== 'http:' && protocol !== 'https:')
    throw new Error('a redirect to another scheme than http or https')
  const { status, fields, bytes } = await exchangeBytes(
    {
      origin,
      method: posted === null ? 'GET' : 'POST',
      path: pathname + search,
      headers: ['accept', accept, 'user-agent', 'routeiq', ...(posted?.headers ?? [])],
      body: posted?.body ?? null,
    },
    options,
  )
  const [location = null, contentType = null] = [fields.get('location'), fields.get('content-type')]
  return { status, location, bytes, contentType }
}

export interface ExchangedBytes {
  readonly status: number
  readonly fields: HeaderFields
  readonly bytes: Buffer
}

/** What one request is answered with, whatever the status. Errors: rejects without addresses. */
export async function exchangeBytes(
  request: UpstreamRequest,
  { transport, refuseHost, maxBytes, timeoutMs }: Omit<FetchBytesOptions, 'accept' | 'staysAtOrigin'>,
): Promise<ExchangedBytes> {
  const refusal = refuseHost(new URL(request.origin).hostname)
  if (refusal !== null) throw new Error(`the address may not be called, because ${refusal}`)
  return new Promise((resolve, reject) => {
    let call: UpstreamCall | null = null
    const deadline = setTimeout(() => sink.onFailure(new Error('no answer in time')), timeoutMs)
    const sink = new BytesSink(maxBytes, (error, answer) => {
      clearTimeout(deadline)
      if (error === null) return resolve(answer)
      call?.cancel()
      reject(error)
    })
    call = transport.send(request, sink)
  })
}

type Settle = (...result: [Error, null] | [null, ExchangedBytes]) => void

class BytesSink implements UpstreamSink {
  readonly #maxBytes: number
  readonly #settle: Settle
  readonly #chunks: Buffer[] = []
  #size = 0
  #status = 0
  #fields = new HeaderFields()

  constructor(maxBytes: number, settle: Settle) {
    this.#maxBytes = maxBytes
    this.#settle = settle
  }

  onHeaders(status: number, headers: HeaderFields): void {
    this.#status = status
    this.#fields = headers
  }

  onData(chunk: Buffer): boolean {
    this.#size += chunk.length
    if (this.#size > this.#maxBytes) this.#settle(new Error(`more than ${this.#maxBytes} bytes`), null)
    else this.#chunks.push(chunk)
    return true
  }

  onEnd(): void {
    this.#settle(null, { status: this.#status, fields: this.#fields, bytes: Buffer.concat(this.#chunks) })
  }

  onFailure(error: Error & { code?: unknown }): void {
    const shown = typeof error.code === 'string' ? new Error(`the connection failed (${error.code})`) : error
    this.#settle(shown, null)
  }
}
