const startupHeader = 4
const messageHeader = 5
/** Query, Sync, Terminate, Flush, CopyDone, CopyFail: after these a server answers without waiting for more. */
const closing = new Set([...'QSXHcf'].map((letter) => letter.charCodeAt(0)))

/**
 * Cuts the byte stream of a PostgreSQL client into batches a server can answer completely: whole messages up to
 * and including one that asks for an answer. The first message of a session, the startup packet, has no type
 * byte. Format: PostgreSQL documentation, "Message Formats", protocol 3.0.
 */
export class WireBatches {
  #pending: Buffer = Buffer.alloc(0)
  /** End of the last whole message in `#pending`. */
  #scanned = 0
  #started = false

  push(chunk: Buffer): Buffer[] {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    const batches: Buffer[] = []
    for (let end = this.#nextMessageEnd(); end !== null; end = this.#nextMessageEnd()) {
      const closes = !this.#started || closing.has(this.#pending[this.#scanned] ?? 0)
      this.#started = true
      this.#scanned = end
      if (closes) batches.push(this.#take())
    }
    return batches
  }

  #take(): Buffer {
    const batch = this.#pending.subarray(0, this.#scanned)
    this.#pending = this.#pending.subarray(this.#scanned)
    this.#scanned = 0
    return batch
  }

  #nextMessageEnd(): number | null {
    const header = this.#started ? messageHeader : startupHeader
    if (this.#pending.length < this.#scanned + header) return null
    const end =
      this.#scanned +
      header -
      startupHeader +
      this.#pending.readUInt32BE(this.#scanned + header - startupHeader)
    return end <= this.#pending.length ? end : null
  }
}
