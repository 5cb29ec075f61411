import { crc32 } from 'node:zlib'
import { GatewayError } from '@routeiq/contract'
import { readEventHeaders } from './aws-event-headers.ts'
import type { FramedEvent, StreamParser } from './stream-parser.ts'

/** Total length, length of the headers, and the checksum of these two. */
const preludeLength = 12
const checksumLength = 4
/** Longest message, in bytes. */
const maxMessageBytes = 8 * 1024 * 1024
const noBytes = Buffer.alloc(0)

/**
 * Incremental parser of `application/vnd.amazon.eventstream` (AWS, "Event stream encoding"): messages with their
 * length in front and a CRC-32 over the prelude and over the whole. An exception or error message becomes an event
 * named after it.
 */
export class AwsEventStreamParser implements StreamParser {
  /** The message whose end has not come yet. */
  #pending: Buffer[] = []
  #pendingBytes = 0
  /** Bytes the pending message needs before it is worth looking at again. */
  #wanted = preludeLength
  #failure: GatewayError | null = null

  /** Errors: GatewayError after a wrong checksum (`upstream_error`) or a message that is too long. */
  push(chunk: Buffer): readonly FramedEvent[] {
    if (this.#failure !== null) throw this.#failure
    if (chunk.length === 0) return []
    this.#pending.push(chunk)
    this.#pendingBytes += chunk.length
    if (this.#pendingBytes < this.#wanted) {
      // A copy, so that a few bytes do not keep the socket's whole buffer alive.
      this.#pending[this.#pending.length - 1] = Buffer.from(chunk)
      return []
    }
    const bytes = this.#pending.length === 1 ? chunk : Buffer.concat(this.#pending)
    const events: FramedEvent[] = []
    const rest = bytes.subarray(this.#readMessages(bytes, events))
    this.#pending = rest.length === 0 ? [] : [Buffer.from(rest)]
    this.#pendingBytes = rest.length
    return events
  }

  /** Errors: GatewayError `upstream_error` when the stream ended inside a message. */
  end(): readonly FramedEvent[] {
    if (this.#failure !== null) throw this.#failure
    if (this.#pendingBytes > 0) throw broken('it ended inside a message')
    return []
  }

  /** Gives the position behind the last complete message. */
  #readMessages(bytes: Buffer, events: FramedEvent[]): number {
    let at = 0
    try {
      for (;;) {
        const available = bytes.length - at
        this.#wanted = available < preludeLength ? preludeLength : readMessageLength(bytes, at)
        if (available < this.#wanted) return at
        events.push(readMessage(bytes.subarray(at, at + this.#wanted)))
        at += this.#wanted
      }
    } catch (error) {
      this.#failure = error instanceof GatewayError ? error : broken('a message cannot be read')
      return bytes.length
    }
  }
}

function readMessageLength(bytes: Buffer, at: number): number {
  const length = bytes.readUInt32BE(at)
  const headersLength = bytes.readUInt32BE(at + 4)
  if (crc32(bytes.subarray(at, at + 8)) !== bytes.readUInt32BE(at + 8)) {
    throw broken('the checksum of a prelude is wrong')
  }
  if (length > maxMessageBytes) {
    const message = `A message of the provider's event stream exceeds ${maxMessageBytes} bytes.`
    throw new GatewayError('upstream_response_too_large', message)
  }
  if (length < preludeLength + headersLength + checksumLength)
    throw broken('the lengths of a message disagree')
  return length
}

function readMessage(message: Buffer): FramedEvent {
  const end = message.length - checksumLength
  if (crc32(message.subarray(0, end)) !== message.readUInt32BE(end)) {
    throw broken('the checksum of a message is wrong')
  }
  const headersEnd = preludeLength + message.readUInt32BE(4)
  const headers = readEventHeaders(message.subarray(preludeLength, headersEnd))
  if (headers === null) throw broken('the headers of a message cannot be read')
  const payload = end > headersEnd ? message.subarray(headersEnd, end) : noBytes
  const type = headers.get(':message-type')
  if (type !== 'error') {
    const name = headers.get(type === 'exception' ? ':exception-type' : ':event-type')
    return { event: name ?? null, data: payload.toString('utf8') }
  }
  const data = JSON.stringify({ message: headers.get(':error-message') ?? '' })
  return { event: headers.get(':error-code') ?? 'InternalError', data }
}

function broken(reason: string): GatewayError {
  return new GatewayError('upstream_error', `a broken event stream: ${reason}`, { exceptionName: 'APIError' })
}
