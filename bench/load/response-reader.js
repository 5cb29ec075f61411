const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

/** What is being read; `LENGTH` and `CHUNK` count bytes down, the other body states read lines. */
const HEAD = 0
const LENGTH = 1
const CHUNK_SIZE = 2
const CHUNK = 3
const CHUNK_END = 4
const TRAILER = 5

/**
 * Reads HTTP/1.1 answers of one connection at any split of the bytes (RFC 9112 §6, §7.1). It keeps no body:
 * each piece goes to `onBody(bytes, start, end)`, then `onEnd(status)`. An answer with neither a length nor
 * chunks throws, since its end could not be told from a cut connection.
 */
export class ResponseReader {
  /** @param {{ onBody: (bytes: Buffer, start: number, end: number) => void, onEnd: (status: number) => void }} sink */
  constructor(sink) {
    this.sink = sink
    this.state = HEAD
    this.line = ''
    this.head = ''
    this.remaining = 0
    this.status = 0
  }

  /**
   * @param {Buffer} bytes
   * @param {number} end bytes after it are not read
   */
  push(bytes, end) {
    let at = 0
    while (at < end) {
      if (this.state === HEAD) at = this.#readHead(bytes, at, end)
      else if (this.state === LENGTH || this.state === CHUNK) at = this.#readCounted(bytes, at, end)
      else at = this.#readLine(bytes, at, end)
    }
  }

  #readHead(bytes, at, end) {
    if (this.head === '') {
      const blank = bytes.indexOf('\r\n\r\n', at, 'latin1')
      if (blank >= 0 && blank < end) {
        this.#begin(bytes.latin1Slice(at, blank))
        return blank + 4
      }
    }
    this.head += bytes.latin1Slice(at, end)
    const blank = this.head.indexOf('\r\n\r\n')
    if (blank < 0) return end
    const next = end - (this.head.length - blank - 4)
    const head = this.head.slice(0, blank)
    this.head = ''
    this.#begin(head)
    return next
  }

  #begin(head) {
    this.status = Number(head.slice(9, 12))
    // These have no body and need not say so (RFC 9110, section 6.4.1).
    if (this.status === 204 || this.status === 304) {
      this.#end()
      return
    }
    const lower = head.toLowerCase()
    const length = lower.indexOf('\r\ncontent-length:')
    if (length >= 0) {
      this.state = LENGTH
      this.remaining = Number.parseInt(lower.slice(length + 17, length + 37), 10)
      if (this.remaining === 0) this.#end()
    } else if (lower.includes('\r\ntransfer-encoding: chunked')) {
      this.state = CHUNK_SIZE
    } else throw new Error(`answer without length or chunks: ${head.slice(0, 100)}`)
  }

  #readCounted(bytes, at, end) {
    const stop = Math.min(end, at + this.remaining)
    this.sink.onBody(bytes, at, stop)
    this.remaining -= stop - at
    if (this.remaining > 0) return stop
    if (this.state === LENGTH) this.#end()
    else this.state = CHUNK_END
    return stop
  }

  #readLine(bytes, at, end) {
    let stop = at
    while (stop < end && bytes[stop] !== LINE_FEED) stop += 1
    if (stop === end) {
      this.line += bytes.latin1Slice(at, end)
      return end
    }
    const textEnd = stop > at && bytes[stop - 1] === CARRIAGE_RETURN ? stop - 1 : stop
    const line = (this.line + bytes.latin1Slice(at, textEnd)).trimEnd()
    this.line = ''
    this.#takeLine(line)
    return stop + 1
  }

  #takeLine(line) {
    if (this.state === CHUNK_END) this.state = CHUNK_SIZE
    else if (this.state === CHUNK_SIZE) {
      this.remaining = Number.parseInt(line, 16)
      if (Number.isNaN(this.remaining)) throw new Error(`not a chunk size: ${line}`)
      this.state = this.remaining === 0 ? TRAILER : CHUNK
    } else if (line === '') this.#end()
  }

  #end() {
    this.state = HEAD
    this.sink.onEnd(this.status)
  }
}
