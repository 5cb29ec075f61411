import type { Socket } from 'node:net'
import { atTurnEnd, type TurnTask } from '../../http1/turn-end.ts'
import { BodyUpload } from './body-upload.ts'
import type { CallPlace, Http1Call } from './http1-call.ts'
import type { SocketPlan } from './open-socket.ts'
import { ResponseParser } from './response-parser.ts'
import { fromSocketError, transportError, type UpstreamError } from './upstream-error.ts'

/** What a connection hears of its socket. */
export type ConnectionEvents = Pick<SocketPlan, 'onRead' | 'onReady' | 'onReplaced'>

/** The pool, as a connection sees it. */
export interface ConnectionOwner {
  readonly secure: boolean
  readonly connectTimeoutMs: number
  readonly maxResponseHeaderBytes: number
  now(): number
  open(events: ConnectionEvents): Socket
  /** Keeps a TLS session of a connection whose certificate was accepted. */
  keepSession(session: Buffer): void
  /** The answer is whole and the connection may carry another request. */
  release(connection: Connection): void
  /** The connection is gone and its slot is free; `retry` goes first to a new connection. */
  forget(connection: Connection, retry: Http1Call | null): void
}

/** A reused connection that fails sooner than this after the write was being closed when we wrote. */
const RACE_WINDOW_MS = 1_000

/** One socket, carrying one call at a time. */
export class Connection implements CallPlace, TurnTask {
  /** Set by the pool while the connection waits for a call: milliseconds of the injected clock. */
  idleSince = 0
  idleUntil = 0
  idle = false
  readonly #owner: ConnectionOwner
  readonly #parser: ResponseParser
  #socket: Socket
  readonly #connectTimer: NodeJS.Timeout
  #call: Http1Call | null
  #upload: BodyUpload | null = null
  #session: Buffer | null = null
  #ready = false
  #closed = false
  #paused = false
  #answered = false
  #completedAnswers = 0
  #keepAliveText = ''
  #keepAliveMs = Number.POSITIVE_INFINITY

  /** Opens a connection for one call; the call's failure is reported when it cannot be opened. */
  constructor(owner: ConnectionOwner, call: Http1Call) {
    this.#owner = owner
    this.#parser = new ResponseParser(owner.maxResponseHeaderBytes)
    this.#call = call
    call.place = this
    this.#socket = owner.open({
      onRead: (length, buffer) => this.#onRead(length, buffer),
      onReady: () => this.#onReady(),
      onReplaced: (socket) => {
        this.#socket = socket
        this.#listen(socket)
      },
    })
    this.#connectTimer = setTimeout(() => this.#onConnectTimeout(), owner.connectTimeoutMs)
    this.#listen(this.#socket)
  }

  /** Milliseconds that the server promises to keep the idle connection. */
  get keepAliveMs(): number {
    return this.#keepAliveMs
  }

  /** False when the server's end has been noticed already. */
  get usable(): boolean {
    return !this.#closed && !this.#socket.destroyed && this.#socket.writable
  }

  /** Writes the request; the connection must be ready and without a call. */
  run(call: Http1Call): void {
    this.#call = call
    this.idle = false
    call.place = this
    this.#parser.reset()
    this.#answered = false
    atTurnEnd(this)
  }

  /** Writes the request, unless its call was cancelled in the meantime. */
  runAtTurnEnd(): void {
    if (this.#call !== null && !this.#closed) this.#write(this.#call)
  }

  /** Ends the connection at once, for a cancelled call. */
  abandon(): void {
    this.#call = null
    this.close(null)
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#socket.resume()
  }

  /** Destroys the socket and frees the slot; safe to repeat. */
  close(retry: Http1Call | null): void {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#connectTimer)
    this.#upload?.stop()
    this.#socket.destroy()
    this.#owner.forget(this, retry)
  }

  /** Closes and reports to the call, if there is one, unless the request is sent again. */
  fail(error: UpstreamError): void {
    const call = this.#call
    this.#call = null
    const isRace = call !== null && this.#isKeepAliveRace(call, error)
    if (call !== null) {
      call.place = null
      call.resent ||= isRace
    }
    this.close(isRace ? call : null)
    if (!isRace) call?.fail(error)
  }

  /** The socket below TLS in a tunnel says nothing more of its own once it is replaced, but for what breaks. */
  #listen(socket: Socket): void {
    socket.on('error', (error) => this.fail(fromSocketError(error)))
    socket.on('end', () => {
      if (socket === this.#socket) this.#onEnd()
    })
    socket.on('close', () => {
      if (socket === this.#socket) this.fail(cutShort())
    })
    if (this.#owner.secure) {
      socket.on('session', (session: Buffer) => {
        this.#session = session
        if (this.#ready) this.#owner.keepSession(session)
      })
    }
  }

  #onReady(): void {
    clearTimeout(this.#connectTimer)
    this.#ready = true
    // A session from before the certificate check would let the next handshake skip that check.
    if (this.#session !== null) this.#owner.keepSession(this.#session)
    this.#parser.reset()
    this.runAtTurnEnd()
  }

  #onConnectTimeout(): void {
    const limit = this.#owner.connectTimeoutMs
    this.fail(transportError('UPSTREAM_CONNECT_TIMEOUT', `No connection to the upstream within ${limit} ms.`))
  }

  #write(call: Http1Call): void {
    call.sentAt = this.#owner.now()
    const { head, body, rest } = call.request
    const socket = this.#socket
    if (body.length === 0) socket.write(head)
    else {
      socket.cork()
      socket.write(head)
      for (const piece of body) socket.write(piece)
      socket.uncork()
    }
    this.#upload = rest === null ? null : new BodyUpload(socket, rest, this.#onUploadFailure)
  }

  readonly #onUploadFailure = (error: Error): void => {
    this.fail(transportError('UPSTREAM_UPLOAD_FAILED', 'The rest of the request did not arrive.', error))
  }

  /** Node's read callback; false stops reading. */
  #onRead(length: number, buffer: Buffer): boolean {
    const call = this.#call
    if (call === null || !this.#ready) {
      this.fail(transportError('UPSTREAM_PROTOCOL', 'The upstream sent octets unasked.'))
      return true
    }
    if (!this.#answered) {
      this.#answered = true
      call.forgetRequest()
    }
    this.#parser.push(buffer, length)
    try {
      this.#deliver(call)
    } catch (error) {
      this.fail(transportError('UPSTREAM_SINK_FAILED', 'The receiver of the answer failed.', error))
      return true
    }
    if (this.#call === call) this.#settle(call)
    return !this.#paused
  }

  #deliver(call: Http1Call): void {
    const { head, headArrived, body } = this.#parser
    // Kept here until the next read it would hold the 8 KiB it was cut from.
    this.#parser.body = null
    if (headArrived && head !== null) {
      call.headersDelivered = true
      call.sink.onHeaders(head.status, head.headers)
    }
    if (body !== null && !call.finished && !call.sink.onData(body)) this.#paused = true
  }

  #settle(call: Http1Call): void {
    if (this.#parser.error !== null) this.fail(this.#parser.error)
    else if (this.#parser.complete) this.#complete(call)
  }

  /** Frees the connection before telling the sink, whose next request may then use it. */
  #complete(call: Http1Call): void {
    this.#call = null
    this.#paused = false
    this.#completedAnswers++
    call.place = null
    call.finished = true
    const { head, surplus } = this.#parser
    // A request that is not yet fully written would leave its rest in front of the next one.
    const isWritten = this.#socket.writableLength === 0 && this.#upload?.finished !== false
    if (head === null || !head.keepAlive || surplus || !isWritten) {
      this.close(null)
    } else {
      this.#readKeepAlive(head.headers.get('keep-alive') ?? '')
      this.#owner.release(this)
    }
    call.sink.onEnd()
  }

  #readKeepAlive(text: string): void {
    if (text === this.#keepAliveText) return
    this.#keepAliveText = text
    const seconds = /(?:^|[,\s])timeout=(\d{1,9})/i.exec(text)?.[1]
    this.#keepAliveMs = seconds === undefined ? Number.POSITIVE_INFINITY : Number(seconds) * 1000
  }

  #onEnd(): void {
    if (this.#closed) return
    const call = this.#call
    if (call !== null && this.#parser.finish()) this.#complete(call)
    else this.fail(cutShort())
  }

  /**
   * Decision: a request is sent a second time, once, and on a new connection, when the server closed a kept
   * connection just as we used it: the connection had answered before, not one octet came back, and the end
   * came at once. A server that has begun to work on the request fails later or after a first octet.
   */
  #isKeepAliveRace(call: Http1Call, error: UpstreamError): boolean {
    if (call.resent || this.#answered || this.#completedAnswers === 0) return false
    if (error.code !== 'UPSTREAM_CLOSED' && error.code !== 'ECONNRESET' && error.code !== 'EPIPE')
      return false
    return this.#owner.now() - call.sentAt < RACE_WINDOW_MS
  }
}

function cutShort(): UpstreamError {
  return transportError('UPSTREAM_CLOSED', 'The upstream closed the connection before its answer was whole.')
}
