import type { ReplyEvent } from '../conversation/stream-event.ts'

const maxCharacters = 200

/** Holds back the text a round begins with until it is known what follows it. */
export class HeldPreamble {
  #events: ReplyEvent[] = []
  #characters = 0
  #isOver = false

  /** What may pass now that this has come: earlier text in front of it, or nothing yet. */
  pass(event: ReplyEvent): readonly ReplyEvent[] {
    const isText = event.type === 'text-delta' || event.type === 'block-end'
    if (this.#isOver || (!isText && this.#events.length === 0)) return [event]
    this.#events.push(event)
    if (event.type === 'text-delta') this.#characters += event.text.length
    return isText && this.#characters <= maxCharacters ? [] : this.release()
  }

  /** Nothing more is held: the text is the client's. */
  release(): readonly ReplyEvent[] {
    const events = this.#events
    this.#events = []
    this.#isOver = true
    return events
  }

  /** A skill is read: what was said before was about that. */
  drop(): void {
    this.#events = []
    this.#isOver = true
  }
}
