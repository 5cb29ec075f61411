/** More of either waiting for a slow client pauses the agent. */
const mostEvents = 64
const mostBytes = 1024 * 1024

/** Events, or bytes, on their way from an agent to its client, in order; a slow client pauses the agent. */
export class EventQueue<Item extends { readonly length: number } = string> implements AsyncIterable<Item> {
  readonly #waiting: Item[] = []
  #bytes = 0
  #wake: (() => void) | null = null
  #ended = false
  #failure: Error | null = null
  /** Asks the agent for more. */
  onRoom: () => void = () => {}
  /** Nobody reads any more. */
  onAbandoned: () => void = () => {}

  /** False asks for a pause until `onRoom`. */
  push(event: Item): boolean {
    this.#waiting.push(event)
    this.#bytes += event.length
    this.#wakeUp()
    return !this.#isFull()
  }

  /** No more events; with a failure, after those that wait. */
  end(failure: Error | null = null): void {
    if (this.#ended) return
    this.#ended = true
    this.#failure = failure
    this.#wakeUp()
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Item> {
    try {
      for (;;) {
        const wasFull = this.#isFull()
        const event = this.#waiting.shift()
        if (event !== undefined) {
          this.#bytes -= event.length
          if (wasFull && !this.#isFull()) this.onRoom()
          yield event
        } else if (this.#ended) {
          if (this.#failure !== null) throw this.#failure
          return
        } else {
          this.onRoom()
          await new Promise<void>((resolve) => {
            this.#wake = resolve
          })
        }
      }
    } finally {
      this.onAbandoned()
    }
  }

  #isFull(): boolean {
    return this.#waiting.length >= mostEvents || this.#bytes > mostBytes
  }

  #wakeUp(): void {
    this.#wake?.()
    this.#wake = null
  }
}
