import { GatewayError } from '@routeiq/contract'
import { maxSseBytes } from './sse.ts'
import type { FramedEvent, StreamParser } from './stream-parser.ts'

const lineFeed = 10

/** Incremental parser of newline-delimited JSON: one event a line, empty lines ignored. The lines are not parsed. */
export class NdjsonParser implements StreamParser {
  /** Bytes of a line whose end has not come yet. */
  #pending: Buffer[] = []
  #pendingBytes = 0

  #failure: GatewayError | null = null

  /** Errors: GatewayError `upstream_response_too_large` after a line over the limit of an event. */
  push(chunk: Buffer): readonly FramedEvent[] {
    if (this.#failure !== null) throw this.#failure
    const end = 1 + chunk.lastIndexOf(lineFeed)
    const complete = end === 0 ? '' : this.#takeText(chunk.subarray(0, end))
    if (end < chunk.length) this.#hold(chunk.subarray(end))
    return splitLines(complete)
  }

  end(): readonly FramedEvent[] {
    if (this.#failure !== null) throw this.#failure
    return splitLines(this.#takeText(Buffer.alloc(0)))
  }

  #hold(rest: Buffer): void {
    this.#pendingBytes += rest.length
    if (this.#pendingBytes > maxSseBytes) this.#failure = lineTooLong()
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
}

function splitLines(text: string): FramedEvent[] {
  const events: FramedEvent[] = []
  for (const line of text.split('\n')) {
    const data = line.trim()
    if (data !== '') events.push({ event: null, data })
  }
  return events
}

function lineTooLong(): GatewayError {
  const message = `A line of the provider's stream exceeds ${maxSseBytes} bytes.`
  return new GatewayError('upstream_response_too_large', message)
}
