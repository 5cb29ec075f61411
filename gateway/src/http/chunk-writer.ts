import type { ServerResponse } from 'node:http'

/**
 * Writes the body of a chunked answer. Node frames a chunk with four writes that it gathers into one vector on the
 * next tick; here a chunk is framed as one text and handed to the socket at once, which halves the cost of a
 * streamed event. Where the answer is not chunked (HTTP/1.0) or not yet its connection's turn (pipelining), Node's
 * own `write` does the work.
 */
export class ChunkWriter {
  readonly #response: ServerResponse
  readonly #onDrain: () => void
  #waiting = false
  #headFlushed = false

  /** `onDrain` is called when the client has caught up after a `write` that returned false. */
  constructor(response: ServerResponse, onDrain: () => void) {
    this.#response = response
    this.#onDrain = onDrain
    response.on('drain', onDrain)
  }

  /** The head must have been written. False when the client reads more slowly than this writes. */
  write(text: string, encoding: 'latin1' | 'utf8'): boolean {
    const response = this.#response
    const { socket } = response
    if (socket === null || !response.chunkedEncoding) return response.write(text, encoding)
    this.#flushHead()
    const flowing = socket.write(frameChunk(text, encoding), encoding)
    if (!flowing && !this.#waiting) {
      this.#waiting = true
      socket.once('drain', this.#onSocketDrain)
    }
    return flowing
  }

  /** Once only: Node would send an empty write each time. */
  #flushHead(): void {
    if (this.#headFlushed) return
    this.#headFlushed = true
    this.#response.flushHeaders()
  }

  /** Ends the body, after `last` when there is one. */
  end(last: string | null): void {
    if (last !== null) this.write(last, 'utf8')
    this.#response.off('drain', this.#onDrain)
    this.#response.socket?.off('drain', this.#onSocketDrain)
    this.#response.end()
  }

  readonly #onSocketDrain = (): void => {
    this.#waiting = false
    this.#onDrain()
  }
}

/** `<length in hex>\r\n<bytes>\r\n`, RFC 9112 §7.1. */
function frameChunk(text: string, encoding: 'latin1' | 'utf8'): string {
  const length = encoding === 'latin1' ? text.length : Buffer.byteLength(text)
  return `${length.toString(16)}\r\n${text}\r\n`
}
