const HEAD_END = Buffer.from('\r\n\r\n')
const NO_BYTES = Buffer.alloc(0)

/**
 * Splits the bytes of one connection into HTTP/1.1 requests with `content-length` bodies (RFC 9112 §6). A
 * body sent with `transfer-encoding: chunked` is refused by throwing: no peer sends one.
 */
export class RequestReader {
  /** @param {(head: string, body: Buffer) => void} onRequest head is lower-cased, without its blank line */
  constructor(onRequest) {
    this.onRequest = onRequest
    this.pending = []
    this.pendingBytes = 0
    this.neededBytes = 0
  }

  /** @param {Buffer} chunk */
  push(chunk) {
    if (this.pendingBytes === 0) return this.#readFrom(chunk)
    this.pending.push(chunk)
    this.pendingBytes += chunk.length
    if (this.pendingBytes < this.neededBytes) return
    const whole = Buffer.concat(this.pending, this.pendingBytes)
    this.pending = []
    this.pendingBytes = 0
    this.#readFrom(whole)
  }

  #readFrom(bytes) {
    let rest = bytes
    while (rest.length > 0) {
      const headEnd = rest.indexOf(HEAD_END)
      if (headEnd < 0) return this.#keep(rest, 0)
      const head = rest.latin1Slice(0, headEnd).toLowerCase()
      const bodyStart = headEnd + 4
      const bodyEnd = bodyStart + parseContentLength(head)
      if (bodyEnd > rest.length) return this.#keep(rest, bodyEnd)
      this.onRequest(head, rest.subarray(bodyStart, bodyEnd))
      rest = bodyEnd === rest.length ? NO_BYTES : rest.subarray(bodyEnd)
    }
  }

  #keep(rest, neededBytes) {
    this.pending = [rest]
    this.pendingBytes = rest.length
    this.neededBytes = neededBytes
  }
}

function parseContentLength(head) {
  const at = head.indexOf('\r\ncontent-length:')
  if (at >= 0) return Number.parseInt(head.slice(at + 17, at + 37), 10)
  if (head.includes('\r\ntransfer-encoding:'))
    throw new Error('the mock does not read chunked request bodies')
  return 0
}
