/** More than this waiting for a slow client pauses the agent. */
const pauseAbove = 64

/** Events, or bytes, on their way from an agent to its client, in order; a slow client pauses the agent. */
export class EventQueue<Item = string> implements AsyncIterable<Item> {
  readonly #waiting: Item[] = []
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
    this.#wakeUp()
    return this.#waiting.length < pauseAbove
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
        const event = this.#waiting.shift()
        if (event !== undefined) {
          if (this.#waiting.length === pauseAbove - 1) this.onRoom()
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

  #wakeUp(): void {
    this.#wake?.()
    this.#wake = null
  }
}
