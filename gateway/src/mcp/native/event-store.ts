import type { EventStore, JSONRPCMessage } from '@modelcontextprotocol/server'

const maxBytes = 1_048_576
const maxAgeMs = 300_000

interface StoredEvent {
  readonly id: string
  readonly streamId: string
  /** The message as JSON: thousands of texts are less work for the collector than thousands of trees. */
  readonly text: string
  readonly at: number
}

/** What a client that lost its stream can still have of it: a megabyte, or five minutes. */
export class SessionEvents implements EventStore {
  readonly #now: () => number
  #events: StoredEvent[] = []
  #bytes = 0
  #next = 0

  constructor(now: () => number) {
    this.#now = now
  }

  async storeEvent(streamId: string, message: JSONRPCMessage): Promise<string> {
    this.#next += 1
    const id = `${streamId}_${this.#next}`
    const text = JSON.stringify(message)
    this.#events.push({ id, streamId, text, at: this.#now() })
    this.#bytes += text.length
    while (this.#events.length > 0 && (this.#bytes > maxBytes || this.#isOld())) {
      this.#bytes -= this.#events.shift()?.text.length ?? 0
    }
    return id
  }

  async getStreamIdForEventId(eventId: string): Promise<string | undefined> {
    return this.#events.find(({ id }) => id === eventId)?.streamId
  }

  async replayEventsAfter(
    lastEventId: string,
    { send }: { send: (eventId: string, message: JSONRPCMessage) => Promise<void> },
  ): Promise<string> {
    const at = this.#events.findIndex(({ id }) => id === lastEventId)
    const streamId = this.#events[at]?.streamId ?? lastEventId.slice(0, lastEventId.lastIndexOf('_'))
    for (const event of this.#events.slice(at + 1)) {
      if (event.streamId !== streamId) continue
      const message = JSON.parse(event.text) as JSONRPCMessage
      const isMessage = Object.keys(message).length > 0
      if (isMessage) await send(event.id, message)
    }
    return streamId
  }

  #isOld(): boolean {
    const [first] = this.#events
    return first !== undefined && this.#now() - first.at > maxAgeMs
  }
}
