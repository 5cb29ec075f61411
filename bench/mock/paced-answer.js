/** One streamed answer being written, a buffer at a time; a client that left ends it. */
export class PacedAnswer {
  /**
   * @param {import('node:net').Socket} socket
   * @param {Buffer[]} writes
   * @param {{ dueMs: number, gapMs: number, onEnd: (whole: boolean) => void }} options `onEnd` is called once
   */
  constructor(socket, writes, options) {
    this.socket = socket
    this.writes = writes
    this.next = 0
    this.dueMs = options.dueMs
    this.gapMs = options.gapMs
    this.onEnd = options.onEnd
  }

  /** @param {number} nowMs */
  step(nowMs) {
    while (this.dueMs <= nowMs) {
      if (this.socket.destroyed) return this.#end(false)
      this.socket.write(this.writes[this.next])
      this.next += 1
      if (this.next === this.writes.length) return this.#end(true)
      this.dueMs += this.gapMs
    }
    return true
  }

  #end(whole) {
    this.onEnd(whole)
    return false
  }
}
