import { GatewayError } from '@routeiq/contract'
import type { FramedEvent, StreamParser } from './stream-parser.ts'

/** Longest line, and longest data of one event, in bytes. */
export const maxSseBytes = 8 * 1024 * 1024

const lineFeed = 10
const carriageReturn = 13

/**
 * Incremental parser of server-sent events (WHATWG HTML, "Interpreting an event stream"), one per stream. Lines may
 * end in CR, LF or CRLF; bytes may be split anywhere. An event without the closing blank line counts at the end of
 * the stream, because vendors leave it out. `data:` lines are joined by line feeds; `id` and `retry` are ignored.
 */
export class SseParser implements StreamParser {
  /** Bytes of a line whose end has not come yet. */
  #pending: Buffer[] = []
  #pendingBytes = 0
  #skipLineFeed = false
  #isFirstLine = true
  #eventName: string | null = null
  #data: string | null = null
  #failure: GatewayError | null = null

  /**
   * The events completed by these bytes. Errors: after a line or event over the limit, the next call throws
   * GatewayError `upstream_response_too_large`; events before it are still returned.
   */
  push(chunk: Buffer): FramedEvent[] {
    if (this.#failure !== null) throw this.#failure
    const events: FramedEvent[] = []
    let bytes = chunk
    if (this.#skipLineFeed && bytes.length > 0) {
      this.#skipLineFeed = false
      if (bytes[0] === lineFeed) bytes = bytes.subarray(1)
    }
    const end = 1 + Math.max(bytes.lastIndexOf(lineFeed), bytes.lastIndexOf(carriageReturn))
    if (end > 0) {
      this.#skipLineFeed = bytes[end - 1] === carriageReturn
      this.#readLines(this.#takeText(bytes.subarray(0, end)), events)
    }
    if (end < bytes.length) this.#hold(bytes.subarray(end))
    return events
  }

  /** The event left open when the stream ended, if any. */
  end(): FramedEvent[] {
    if (this.#failure !== null) throw this.#failure
    const events: FramedEvent[] = []
    if (this.#pendingBytes > 0) this.#readLines(`${this.#takeText(Buffer.alloc(0))}\n`, events)
    this.#dispatch(events)
    return events
  }

  #hold(rest: Buffer): void {
    this.#pendingBytes += rest.length
    if (this.#pendingBytes > maxSseBytes) this.#fail()
    // A copy, so that a few bytes do not keep the socket's whole buffer alive.
    else this.#pending.push(Buffer.from(rest))
  }

  #takeText(complete: Buffer): string {
    if (this.#pendingBytes === 0) return complete.toString('utf8')
    const text = Buffer.concat([...this.#pending, complete]).toString('utf8')
    this.#pending = []
    this.#pendingBytes = 0
    return text
  }

  #readLines(text: string, events: FramedEvent[]): void {
    let position = 0
    if (this.#isFirstLine) {
      this.#isFirstLine = false
      if (text.charCodeAt(0) === 0xfeff) position = 1
    }
    let nextReturn = text.indexOf('\r')
    while (position < text.length && this.#failure === null) {
      const feed = text.indexOf('\n', position)
      const isReturn = nextReturn !== -1 && (feed === -1 || nextReturn < feed)
      const end = isReturn ? nextReturn : feed
      this.#readLine(text, position, end, events)
      position = isReturn && feed === end + 1 ? end + 2 : end + 1
      if (isReturn) nextReturn = text.indexOf('\r', position)
    }
  }

  #readLine(text: string, start: number, end: number, events: FramedEvent[]): void {
    if (start === end) this.#dispatch(events)
    // A UTF-16 unit is at most three bytes of UTF-8.
    else if ((end - start) * 3 > maxSseBytes && Buffer.byteLength(text.slice(start, end)) > maxSseBytes)
      this.#fail()
    else if (text.startsWith('data', start)) this.#readData(text, start + 4, end)
    else if (text.startsWith('event', start))
      this.#eventName = fieldValue(text, start + 5, end) ?? this.#eventName
  }

  #readData(text: string, start: number, end: number): void {
    const value = fieldValue(text, start, end)
    if (value === null) return
    this.#data = this.#data === null ? value : `${this.#data}\n${value}`
    if (this.#data.length > maxSseBytes) this.#fail()
  }

  #dispatch(events: FramedEvent[]): void {
    if (this.#data !== null) events.push({ event: this.#eventName, data: this.#data })
    this.#data = null
    this.#eventName = null
  }

  #fail(): void {
    this.#failure = new GatewayError(
      'upstream_response_too_large',
      `A line of the provider's event stream exceeds ${maxSseBytes} bytes.`,
    )
    this.#pending = []
  }
}

/** The value after a field name that ends at `start`; null when the name goes on. */
function fieldValue(text: string, start: number, end: number): string | null {
  if (start === end) return ''
  if (text.charCodeAt(start) !== 0x3a) return null
  const valueStart = text.charCodeAt(start + 1) === 0x20 && start + 1 < end ? start + 2 : start + 1
  return text.slice(valueStart, end)
}
