import type { Socket } from 'node:net'
import { ChunkedDecoder } from '../../http1/chunked-decoder.ts'
import { MalformedMessage } from '../../http1/malformed-message.ts'
import { HeadMemory } from './head-memory.ts'
import { CHUNKED_BODY, type RequestHead } from './parse-request-head.ts'
import { readDirectly } from './read-directly.ts'
import { formatRefusal, type Refusal } from './refusal.ts'
import { type RequestSource, ServerRequest } from './server-request.ts'
import { type ResponseOwner, ServerResponse } from './server-response.ts'

export type RequestListener = (request: ServerRequest, response: ServerResponse) => void

/** The server, as a connection sees it. */
export interface ConnectionOwner {
  readonly listener: RequestListener
  /** No further request may come on any connection. */
  readonly closing: boolean
  forget(connection: ServerConnection): void
}

const MAX_HEAD_BYTES = 32_768
/** Nearly every head fits in here. */
const USUAL_HEAD_BYTES = 4_096
const HEAD_TIMEOUT_MS = 10_000
/** Longer than the minute after which load balancers close, so that they do it first. */
const KEEP_ALIVE_MS = 65_000
/** How long a connection that we end stays half open: time for the client to read the answer, no more. */
const LINGER_MS = 2_000
/** Requests sent ahead of answers wait here up to this size, then in the network. */
const MAX_AHEAD_BYTES = 65_536
const END_OF_HEAD = '\r\n\r\n'
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'

/** One client connection: requests are read and answered one after the other (RFC 9112 §9.3). */
export class ServerConnection implements RequestSource, ResponseOwner {
  readonly socket: Socket
  readonly #owner: ConnectionOwner
  readonly #heads = new HeadMemory()
  readonly #chunks = new ChunkedDecoder(MAX_HEAD_BYTES)
  #request: ServerRequest | null = null
  #response: ServerResponse | null = null
  /** Octets of the body still to come; `CHUNKED_BODY` while the decoder decides. */
  #remaining = 0
  /** Octets that cannot be used yet: half a head, or requests sent ahead. */
  #ahead: Buffer | null = null
  /** Epoch milliseconds since which the connection waits for a request, or lingers. */
  #waitingSince = Date.now()
  /** Epoch milliseconds of the first octet of a head that is not complete; 0 when there is none. */
  #headSince = 0
  #lingering = false
  #hasAsked = false
  #continueOwed = false
  #address: string | undefined

  constructor(socket: Socket, owner: ConnectionOwner) {
    this.socket = socket
    this.#owner = owner
    readDirectly(socket, this.#onData)
    socket.on('drain', this.#onDrain)
    socket.on('close', this.#onClose)
    // What follows an error is `close`.
    socket.on('error', () => {})
  }

  get remoteAddress(): string | undefined {
    this.#address ??= this.socket.remoteAddress
    return this.#address
  }

  mayKeepAlive(): boolean {
    return this.#request?.complete === true && this.#request.head.keepAlive && !this.#owner.closing
  }

  onBodyWanted(): void {
    if (!this.#continueOwed) return
    this.#continueOwed = false
    this.socket.write(CONTINUE, 'latin1')
  }

  pauseBody(): void {
    this.socket.pause()
  }

  resumeBody(): void {
    this.socket.resume()
  }

  onAnswered(): void {
    const request = this.#request
    const close = this.#response?.closeConnection === true || request?.complete !== true
    this.#request = null
    this.#response = null
    this.#continueOwed = false
    this.#waitingSince = Date.now()
    if (close) {
      this.#endSlowly()
      request?.abort()
      return
    }
    // Paused by a body that waited for its reader, or by what was sent ahead.
    if (this.socket.isPaused()) this.socket.resume()
    const ahead = this.#ahead
    this.#ahead = null
    if (ahead !== null) this.#read(ahead)
  }

  /** Whether it was opened after that moment (epoch milliseconds) and its first request has not begun. */
  hasOnlyCome(since: number): boolean {
    return !this.#hasAsked && this.#waitingSince > since
  }

  /** Ends what has waited too long; called about once a second. */
  checkTime(now: number): void {
    if (this.#request !== null) return
    const waited = now - this.#waitingSince
    if (this.#lingering) {
      if (waited > LINGER_MS) this.socket.destroy()
    } else if (this.#headSince === 0) {
      if (waited > KEEP_ALIVE_MS) this.socket.destroy()
    } else if (now - this.#headSince > HEAD_TIMEOUT_MS) this.#refuse('headers_timeout')
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#lingering) return
    const ahead = this.#ahead
    this.#ahead = null
    this.#read(ahead === null ? chunk : Buffer.concat([ahead, chunk]))
  }

  readonly #onDrain = (): void => {
    this.#response?.drained()
  }

  readonly #onClose = (): void => {
    this.#owner.forget(this)
    const [request, response] = [this.#request, this.#response]
    this.#request = null
    this.#response = null
    this.#ahead = null
    request?.abort()
    response?.abandon()
  }

  #read(input: Buffer): void {
    try {
      let at = 0
      while (at < input.length && !this.#lingering) {
        const next = this.#request === null ? this.#readHead(input, at) : this.#readBody(input, at)
        if (next === at) {
          this.#keepAhead(input, at)
          return
        }
        at = next
      }
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error
      this.#refuse('malformed')
    }
  }

  #keepAhead(input: Buffer, at: number): void {
    // A copy, so that a few octets do not keep the whole read alive.
    this.#ahead = Buffer.from(input.subarray(at))
    if (this.#request === null) {
      if (this.#headSince === 0) this.#headSince = Date.now()
    } else if (this.#ahead.length > MAX_AHEAD_BYTES) this.socket.pause()
  }

  /** Begins the request whose head is complete and returns where the octets behind it begin; `from` when it is not. */
  #readHead(input: Buffer, from: number): number {
    let start = from
    // RFC 9112 §2.2: an empty line in front of a request is ignored.
    while (input[start] === 13 && input[start + 1] === 10) start += 2
    if (start === input.length) return start
    const known = this.#heads.recognise(input, start)
    if (known !== null) return this.#begin(known, input, start + this.#heads.size)
    const text = this.#findHead(input, start)
    if (text === null) {
      if (input.length - start > MAX_HEAD_BYTES) this.#refuse('headers_too_large')
      return this.#lingering ? input.length : from
    }
    if (text.length > MAX_HEAD_BYTES) {
      this.#refuse('headers_too_large')
      return input.length
    }
    return this.#begin(this.#heads.learn(text), input, start + text.length)
  }

  /** The head with its empty line, null while that is missing. */
  #findHead(input: Buffer, start: number): string | null {
    const usual = input.toString('latin1', start, Math.min(input.length, start + USUAL_HEAD_BYTES))
    const end = usual.indexOf(END_OF_HEAD)
    // Read once more, and not cut: the head is remembered, and would keep the body behind it.
    if (end !== -1) return input.toString('latin1', start, start + end + 4)
    if (input.length - start <= USUAL_HEAD_BYTES) return null
    const found = input.indexOf(END_OF_HEAD, start + USUAL_HEAD_BYTES - 4, 'latin1')
    return found === -1 ? null : input.toString('latin1', start, found + 4)
  }

  /** Hands a request to the listener and returns where the octets behind it begin. */
  #begin(head: RequestHead, input: Buffer, bodyStart: number): number {
    const request = new ServerRequest(head, this)
    this.#request = request
    this.#hasAsked = true
    this.#response = new ServerResponse(this, head.method === 'HEAD', head.oldVersion)
    this.#headSince = 0
    this.#remaining = head.bodyLength
    this.#continueOwed = head.expectsContinue && head.bodyLength !== 0
    if (head.bodyLength === CHUNKED_BODY) this.#chunks.reset()
    // A small body came with its head: it is there before anybody asks for it, so nobody has to wait for it.
    const isWhole = head.bodyLength >= 0 && input.length - bodyStart >= head.bodyLength
    const end = isWhole ? this.#readOctets(request, input, bodyStart) : bodyStart
    this.#owner.listener(request, this.#response)
    return end
  }

  /** Hands on what belongs to the body and returns where it ends; `from` when the body is complete already. */
  #readBody(input: Buffer, from: number): number {
    const request = this.#request
    if (request === null || request.complete) return from
    return this.#remaining === CHUNKED_BODY
      ? this.#readChunks(request, input, from)
      : this.#readOctets(request, input, from)
  }

  #readOctets(request: ServerRequest, input: Buffer, from: number): number {
    const end = Math.min(input.length, from + this.#remaining)
    this.#remaining -= end - from
    this.#deliver(request, input.subarray(from, end), this.#remaining === 0)
    return end
  }

  #readChunks(request: ServerRequest, input: Buffer, from: number): number {
    const chunks = this.#chunks
    const end = chunks.decode(input, from, input.length)
    this.#deliver(request, input.subarray(chunks.dataStart, chunks.dataEnd), chunks.done)
    return end
  }

  #deliver(request: ServerRequest, body: Buffer, isLast: boolean): void {
    const flowing = body.length === 0 || request.deliver(body)
    if (isLast) request.finish()
    // Reading goes on behind the last octet: that is how a client that leaves is noticed.
    else if (!flowing) this.socket.pause()
  }

  /** Octets that are no request: says so and ends the connection. */
  #refuse(refusal: Refusal): void {
    // A second head in the middle of an answer would be read as its body.
    if (this.#response?.headersSent === true) {
      this.socket.destroy()
      return
    }
    const [request, response] = [this.#request, this.#response]
    this.#request = null
    this.#response = null
    this.socket.write(formatRefusal(refusal), 'latin1')
    this.#endSlowly()
    request?.abort()
    response?.abandon()
  }

  /** Sends our end and reads on for a moment: a reset would take the answer from the client. */
  #endSlowly(): void {
    this.#lingering = true
    this.#ahead = null
    this.#waitingSince = Date.now()
    this.socket.end()
    this.socket.resume()
  }
}
