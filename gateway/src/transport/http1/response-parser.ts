import { ChunkedDecoder } from '../../http1/chunked-decoder.ts'
import { MalformedMessage } from '../../http1/malformed-message.ts'
import { CARRIAGE_RETURN, LINE_FEED } from '../../http1/octets.ts'
import {
  BODY_UNTIL_CLOSE,
  CHUNKED_BODY,
  parseResponseHead,
  type ResponseHead,
} from './parse-response-head.ts'
import { transportError, UpstreamError } from './upstream-error.ts'

const HEAD = 0
const FIXED = 1
const CHUNKED = 2
const UNTIL_CLOSE = 3
const COMPLETE = 4
const FAILED = 5
/** Nearly every head fits in here. */
const USUAL_HEAD_OCTETS = 4_096
/** What a head may keep of the body behind it: every value that is cut from a text keeps the whole text. */
const KEPT_BODY_OCTETS = 1_024

/**
 * Reads one answer from octets as they come. It calls nobody: each `push` says what it found in the fields, in
 * the order head, body, then `complete` or `error`. The input is the parser's only during `push` and may be
 * overwritten by it; `body` is a copy that belongs to the receiver.
 */
export class ResponseParser {
  /** The final (not 1xx) head, from the push that completed it on. */
  head: ResponseHead | null = null
  /** The latest push completed the head. */
  headArrived = false
  /** Body octets of the latest push. */
  body: Buffer | null = null
  error: UpstreamError | null = null
  /** There were octets after the end of the answer. */
  surplus = false
  readonly #maxHeadOctets: number
  readonly #chunks: ChunkedDecoder
  #stage = HEAD
  #partialHead = ''
  #headOctets = 0
  #lineOctets = 0
  #previousOctet = 0
  #remaining = 0

  constructor(maxHeadOctets: number) {
    this.#maxHeadOctets = maxHeadOctets
    this.#chunks = new ChunkedDecoder(maxHeadOctets)
  }

  get complete(): boolean {
    return this.#stage === COMPLETE
  }

  /** Makes ready for the next answer on the same connection. */
  reset(): void {
    this.head = null
    this.headArrived = false
    this.body = null
    this.error = null
    this.surplus = false
    this.#stage = HEAD
    this.#partialHead = ''
    this.#headOctets = 0
    this.#lineOctets = 0
    this.#previousOctet = 0
  }

  push(input: Buffer, length: number): void {
    this.headArrived = false
    this.body = null
    let at = 0
    try {
      while (this.#stage === HEAD && at < length) at = this.#readHead(input, at, length)
      at = this.#readBody(input, at, length)
      this.surplus = at < length
    } catch (error) {
      this.error = toUpstreamError(error)
      this.#stage = FAILED
    }
  }

  /** The connection has ended: true when that completes the answer. */
  finish(): boolean {
    if (this.#stage === UNTIL_CLOSE) this.#stage = COMPLETE
    return this.#stage === COMPLETE
  }

  #readHead(input: Buffer, from: number, to: number): number {
    return this.#readWholeHead(input, from, to) ?? this.#readHeadPart(input, from, to)
  }

  /** The usual case, a head that arrives in one piece; null when it does not. */
  #readWholeHead(input: Buffer, from: number, to: number): number | null {
    if (this.#partialHead !== '' || this.#lineOctets !== 0) return null
    const text = input.toString('latin1', from, Math.min(to, from + USUAL_HEAD_OCTETS))
    const end = text.indexOf('\r\n\r\n') + 4
    if (end === 3 || this.#headOctets + end > this.#maxHeadOctets) return null
    this.#headOctets += end
    const head =
      text.length - end > KEPT_BODY_OCTETS ? input.toString('latin1', from, from + end) : text.slice(0, end)
    this.#acceptHead(parseResponseHead(head))
    return from + end
  }

  #readHeadPart(input: Buffer, from: number, to: number): number {
    const end = this.#findHeadEnd(input, from, to)
    const text = input.toString('latin1', from, end === -1 ? to : end)
    this.#headOctets += text.length
    if (this.#headOctets > this.#maxHeadOctets) {
      throw transportError('UPSTREAM_PROTOCOL', `The upstream's head is over ${this.#maxHeadOctets} bytes.`)
    }
    if (end === -1) {
      this.#partialHead += text
      return to
    }
    this.#acceptHead(parseResponseHead(this.#partialHead + text))
    this.#partialHead = ''
    return end
  }

  /** Index after the empty line, or -1; keeps its place, so that dripped heads cost no more than whole ones. */
  #findHeadEnd(input: Buffer, from: number, to: number): number {
    let lineOctets = this.#lineOctets
    let previous = this.#previousOctet
    for (let at = from; at < to; at++) {
      const octet = input[at] ?? 0
      if (octet === LINE_FEED) {
        if (previous !== CARRIAGE_RETURN)
          throw transportError('UPSTREAM_PROTOCOL', 'The upstream sent a bare line feed.')
        if (lineOctets === 1) {
          this.#lineOctets = 0
          return at + 1
        }
        lineOctets = 0
      } else {
        lineOctets++
      }
      previous = octet
    }
    this.#lineOctets = lineOctets
    this.#previousOctet = previous
    return -1
  }

  #acceptHead(head: ResponseHead): void {
    if (head.status === 101)
      throw transportError('UPSTREAM_PROTOCOL', 'The upstream switched protocols unasked.')
    if (head.status < 200) return
    this.head = head
    this.headArrived = true
    this.#remaining = head.bodyLength
    if (head.bodyLength === CHUNKED_BODY) {
      this.#chunks.reset()
      this.#stage = CHUNKED
    } else if (head.bodyLength === BODY_UNTIL_CLOSE) {
      this.#stage = UNTIL_CLOSE
    } else {
      this.#stage = head.bodyLength === 0 ? COMPLETE : FIXED
    }
  }

  #readBody(input: Buffer, from: number, to: number): number {
    if (from === to) return to
    if (this.#stage === CHUNKED) return this.#readChunks(input, from, to)
    if (this.#stage === UNTIL_CLOSE) {
      this.body = copyOf(input, from, to)
      return to
    }
    if (this.#stage !== FIXED) return from
    const end = Math.min(to, from + this.#remaining)
    this.#remaining -= end - from
    this.body = copyOf(input, from, end)
    if (this.#remaining === 0) this.#stage = COMPLETE
    return end
  }

  #readChunks(input: Buffer, from: number, to: number): number {
    const chunks = this.#chunks
    try {
      return chunks.decode(input, from, to)
    } finally {
      if (chunks.dataEnd > chunks.dataStart) this.body = copyOf(input, chunks.dataStart, chunks.dataEnd)
      if (chunks.done) this.#stage = COMPLETE
    }
  }
}

function copyOf(input: Buffer, start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafe(end - start)
  input.copy(copy, 0, start, end)
  return copy
}

function toUpstreamError(error: unknown): UpstreamError {
  if (error instanceof UpstreamError) return error
  if (error instanceof MalformedMessage)
    return transportError('UPSTREAM_PROTOCOL', `The upstream sent ${error.message}.`)
  throw error
}
