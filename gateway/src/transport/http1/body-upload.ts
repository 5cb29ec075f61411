import type { Socket } from 'node:net'
import type { BodySource, BodyTarget } from '../transport.ts'

/** Writes a body to its connection as it arrives, no faster than the server reads. */
export class BodyUpload implements BodyTarget {
  /** The last octet has been handed to the socket. */
  finished = false
  readonly #socket: Socket
  readonly #source: BodySource
  readonly #onFailure: (error: Error) => void
  #stopped = false

  constructor(socket: Socket, source: BodySource, onFailure: (error: Error) => void) {
    this.#socket = socket
    this.#source = source
    this.#onFailure = onFailure
    socket.on('drain', this.#onDrain)
    source.pipeTo(this)
  }

  write(chunk: Buffer): boolean {
    if (this.#stopped || chunk.length === 0) return true
    if (this.#source.length !== null) return this.#socket.write(chunk)
    this.#socket.cork()
    this.#socket.write(chunkHead(chunk.length), 'latin1')
    this.#socket.write(chunk)
    const flowing = this.#socket.write('\r\n', 'latin1')
    this.#socket.uncork()
    return flowing
  }

  end(): void {
    if (this.#stopped) return
    if (this.#source.length === null) this.#socket.write('0\r\n\r\n', 'latin1')
    this.finished = true
    this.#leave()
  }

  fail(error: Error): void {
    if (!this.#stopped) this.#onFailure(error)
  }

  /** The call is over; an unfinished body is left where it is. */
  stop(): void {
    if (this.#stopped) return
    this.#leave()
    if (!this.finished) this.#source.stop()
  }

  #leave(): void {
    this.#stopped = true
    this.#socket.off('drain', this.#onDrain)
  }

  readonly #onDrain = (): void => this.#source.resume()
}

/** The line in front of a chunk (RFC 9112 §7.1). */
export function chunkHead(length: number): string {
  return `${length.toString(16)}\r\n`
}
