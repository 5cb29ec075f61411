import { Duplex } from 'node:stream'
import { WireBatches } from './wire-batches.ts'

/** Runs wire bytes in the embedded database and resolves with its answer; calls are served in order. */
export type ExecuteWire = (batch: Uint8Array) => Promise<Uint8Array>

const rollback = simpleQuery('ROLLBACK')
const discardAll = simpleQuery('DISCARD ALL')
const terminate = 'X'.charCodeAt(0)

/**
 * Looks to node-postgres like a TCP socket, while the server at the other end is the embedded database. That
 * database has a single session, so the end of a connection rolls back and resets what it left behind.
 */
export class EmbeddedSocket extends Duplex {
  readonly #execute: ExecuteWire
  readonly #batches = new WireBatches()

  constructor(execute: ExecuteWire) {
    super()
    this.#execute = execute
  }

  connect(): this {
    setImmediate(() => this.emit('connect'))
    return this
  }

  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    for (const batch of this.#batches.push(chunk)) {
      if (batch[0] === terminate) this.end()
      else this.#answer(batch)
    }
    done()
  }

  override _final(done: (error?: Error | null) => void): void {
    this.push(null)
    done()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const reset = Promise.all([this.#execute(rollback), this.#execute(discardAll)])
    // A database that is gone has no session left to reset.
    reset.catch(() => {})
    done(error)
  }

  #answer(batch: Buffer): void {
    this.#execute(batch).then(
      (answer) => {
        if (!this.destroyed) this.push(answer)
      },
      (error: Error) => this.destroy(error),
    )
  }
}

function simpleQuery(statement: string): Buffer {
  const text = Buffer.from(`${statement}\0`)
  const message = Buffer.alloc(5 + text.length)
  message.write('Q')
  message.writeUInt32BE(4 + text.length, 1)
  text.copy(message, 5)
  return message
}
