const BLANK_LINE = Buffer.from('\n\n')
const DONE = 'data: [DONE]\n\n'
const LINE_FEED = 0x0a

/** Counts server-sent events, each ended by a blank line, at any split of the bytes, and knows how they ended. */
export class EventCounter {
  constructor() {
    this.reset()
  }

  reset() {
    this.count = 0
    this.tail = ''
    this.endedInLineFeed = false
  }

  /**
   * @param {Buffer} bytes
   * @param {number} start
   * @param {number} end
   */
  push(bytes, start, end) {
    if (end === start) return
    let at = start
    if (this.endedInLineFeed && bytes[start] === LINE_FEED) {
      this.count += 1
      at += 1
    }
    for (;;) {
      const found = bytes.indexOf(BLANK_LINE, at)
      if (found < 0 || found + 2 > end) break
      this.count += 1
      at = found + 2
    }
    this.endedInLineFeed = at < end && bytes[end - 1] === LINE_FEED
    const kept = Math.max(start, end - DONE.length)
    const tail = bytes.latin1Slice(kept, end)
    this.tail = tail.length === DONE.length ? tail : (this.tail + tail).slice(-DONE.length)
  }

  /** Whether the last event was `[DONE]`. */
  get done() {
    return this.tail === DONE
  }
}
