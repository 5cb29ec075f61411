import type { UpstreamFailure } from '../providers/failure.ts'
import { endOfLastEvent, tailOf } from './event-text.ts'
import { unreadableAnswer } from './unreadable-answer.ts'

/**
 * Cuts the bytes of an event stream at the ends of events. They are held as latin1 text, one character a byte,
 * because searching and joining text costs a fraction of doing so with buffers.
 */
export class EventCutter {
  readonly #maxEventBytes: number
  #rest = ''
  #restTail = ''

  constructor(maxEventBytes: number) {
    this.#maxEventBytes = maxEventBytes
  }

  /** The failure of a provider whose event under way is longer than allowed. */
  get overflow(): UpstreamFailure | null {
    if (this.#rest.length <= this.#maxEventBytes) return null
    return unreadableAnswer(`an event of more than ${this.#maxEventBytes} bytes`)
  }

  /** The beginning of an event whose end has not come yet. */
  get rest(): string {
    return this.#rest
  }

  /** The events these bytes complete, empty when there are none. */
  push(chunk: Buffer): string {
    const arrived = chunk.toString('latin1')
    // Only what is new is searched, so that an event of many chunks costs no more than its length.
    const boundary = endOfLastEvent(this.#restTail + arrived) - this.#restTail.length
    if (boundary <= 0) {
      this.#hold(this.#rest + arrived)
      return ''
    }
    const isWhole = boundary === arrived.length
    const complete = this.#rest + (isWhole ? arrived : arrived.slice(0, boundary))
    this.#hold(isWhole ? '' : arrived.slice(boundary))
    return complete
  }

  #hold(rest: string): void {
    this.#rest = rest
    this.#restTail = rest === '' ? '' : tailOf(rest)
  }
}
