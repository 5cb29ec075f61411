import type { Socket } from 'node:net'
import { atTurnEnd, type TurnTask } from '../../http1/turn-end.ts'
import { dateLine, statusLine } from './status-line.ts'

/** Up to here head and body leave as one string in one write; beyond, copying costs more than it saves. */
const ONE_WRITE_BYTES = 65_536
/** Streamed text that waits for the end of the turn is written at once when it has become this much. */
const MAX_WAITING_CHARACTERS = 65_536

/** The connection, as a response sees it. */
export interface ResponseOwner {
  readonly socket: Socket
  /** Whether another request may follow; decided when the head is written. */
  mayKeepAlive(): boolean
  /** The answer has been handed to the operating system, or the connection is gone. */
  onAnswered(): void
}

const KEEP_ALIVE_LINES = 'connection: keep-alive\r\nkeep-alive: timeout=65\r\n'
const CLOSE_LINES = 'connection: close\r\n'

/**
 * The answer to one request: either `send`, once, or `begin`, any `write` and `end`. Everything is written at the
 * end of the turn of the event loop, head and first text together.
 */
export class ServerResponse implements TurnTask {
  /** Lines added to whatever head is written, those of CORS for example. */
  extraLines = ''
  /** Ends the connection after this answer. */
  closeConnection = false
  /** A head was given; it cannot be taken back. */
  headersSent = false
  /** The whole answer is with the operating system. */
  complete = false
  /** Called once when the answer is complete or the connection is gone. */
  onClose: (() => void) | null = null
  /** Called when the client has caught up after a `write` that returned false. */
  onDrain: (() => void) | null = null
  readonly #owner: ResponseOwner
  readonly #isHead: boolean
  readonly #oldVersion: boolean
  #closed = false
  #ended = false
  #chunked = false
  #scheduled = false
  #blocked = false
  /** 0 before there is an answer. */
  status = 0
  /** The header lines of the answer, without those of the connection. */
  lines = ''
  #isHeadWaiting = false
  /** A whole answer. */
  #body: Buffer | string | null = null
  /** Streamed text that waits for the end of the turn. */
  #text = ''
  #encoding: 'latin1' | 'utf8' = 'latin1'

  constructor(owner: ResponseOwner, isHead: boolean, oldVersion: boolean) {
    this.#owner = owner
    this.#isHead = isHead
    this.#oldVersion = oldVersion
  }

  /**
   * Answers with a length. `lines` are ready-made header lines (`name: value\r\n…`); a body may be text that holds one
   * octet a character.
   */
  send(status: number, lines: string, body: Buffer | string): void {
    if (this.headersSent || this.#closed) return
    // RFC 9110 §8.6: these never have a body.
    const bodiless = status === 204 || status === 304
    this.#setHead(status, bodiless ? lines : `${lines}content-length: ${body.length}\r\n`)
    if (!bodiless && !this.#isHead) this.#body = body
    this.#ended = true
  }

  /** Begins an answer of unknown length. */
  begin(status: number, lines: string): void {
    if (this.headersSent || this.#closed) return
    this.#chunked = !this.#oldVersion
    if (this.#oldVersion) this.closeConnection = true
    this.#setHead(status, this.#chunked ? `${lines}transfer-encoding: chunked\r\n` : lines)
  }

  /** A piece of the body; `latin1` text is octets, one a character. False when the client reads more slowly. */
  write(text: string, encoding: 'latin1' | 'utf8'): boolean {
    if (this.#closed || this.#ended || this.#isHead) return true
    if (encoding !== this.#encoding) {
      if (this.#text !== '') this.#flush()
      this.#encoding = encoding
    }
    this.#text += text
    if (this.#text.length > MAX_WAITING_CHARACTERS) this.#flush()
    else this.#schedule()
    return !this.#blocked
  }

  /** Octets of the body. False as with `write`. */
  writeBytes(bytes: Buffer): boolean {
    return this.write(bytes.toString('latin1'), 'latin1')
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#schedule()
  }

  /** Ends the connection, as a client that leaves does. */
  destroy(): void {
    this.#owner.socket.destroy()
  }

  /** For the connection: the socket has room again. */
  drained(): void {
    if (!this.#blocked) return
    this.#blocked = false
    this.onDrain?.()
  }

  /** For the connection: there is nobody to answer any more. */
  abandon(): void {
    this.#close()
  }

  runAtTurnEnd(): void {
    this.#scheduled = false
    if (this.#closed) return
    this.#flush()
    if (!this.#ended) return
    if (this.#owner.socket.writableLength === 0) this.#complete()
    else this.#owner.socket.write('', this.#onFlushed)
  }

  #setHead(status: number, lines: string): void {
    this.headersSent = true
    this.status = status
    this.#isHeadWaiting = true
    this.lines = lines
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    atTurnEnd(this)
  }

  /** Writes what has gathered. */
  #flush(): void {
    const { socket } = this.#owner
    const head = this.#takeHead()
    const body = this.#body
    if (body !== null) {
      this.#body = null
      if (typeof body === 'string') socket.write(head + body, 'latin1')
      else if (body.length <= ONE_WRITE_BYTES) socket.write(head + body.toString('latin1'), 'latin1')
      else writeBoth(socket, head, body)
      return
    }
    const text = this.#takeText()
    const whole = this.#encoding === 'latin1' || text === ''
    const flowing = whole
      ? head + text === '' || socket.write(head + text, 'latin1')
      : writeBoth(socket, head, text)
    if (!flowing) this.#blocked = true
  }

  #takeHead(): string {
    if (!this.#isHeadWaiting) return ''
    if (!this.#owner.mayKeepAlive()) this.closeConnection = true
    const connection = this.closeConnection ? CLOSE_LINES : KEEP_ALIVE_LINES
    const head = `${statusLine(this.status)}${this.lines}${this.extraLines}${dateLine()}${connection}\r\n`
    this.#isHeadWaiting = false
    return head
  }

  /** `<length in hex>\r\n<bytes>\r\n`, RFC 9112 §7.1, and the last chunk once the answer has ended. */
  #takeText(): string {
    const text = this.#text
    this.#text = ''
    if (!this.#chunked || this.#isHead) return text
    const last = this.#ended ? '0\r\n\r\n' : ''
    if (text === '') return last
    const length = this.#encoding === 'latin1' ? text.length : Buffer.byteLength(text)
    return `${length.toString(16)}\r\n${text}\r\n${last}`
  }

  readonly #onFlushed = (error?: Error | null): void => {
    if (error === undefined || error === null) this.#complete()
  }

  #complete(): void {
    if (this.#closed) return
    this.complete = true
    this.#close()
    this.#owner.onAnswered()
  }

  #close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#text = ''
    this.#body = null
    this.onClose?.()
  }
}

/** Two writes as one. False when the client reads more slowly. */
function writeBoth(socket: Socket, head: string, rest: Buffer | string): boolean {
  socket.cork()
  if (head !== '') socket.write(head, 'latin1')
  const flowing = socket.write(rest, 'utf8')
  socket.uncork()
  return flowing
}
