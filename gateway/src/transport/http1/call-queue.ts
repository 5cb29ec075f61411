import type { CallPlace, Http1Call } from './http1-call.ts'

/** First in, first out, with constant-time withdrawal of a cancelled call. */
export class CallQueue implements CallPlace {
  length = 0
  #first: Http1Call | null = null
  #last: Http1Call | null = null

  add(call: Http1Call): void {
    call.place = this
    call.previous = this.#last
    if (this.#last === null) this.#first = call
    else this.#last.next = call
    this.#last = call
    this.length++
  }

  take(): Http1Call | null {
    const call = this.#first
    if (call !== null) this.abandon(call)
    return call
  }

  abandon(call: Http1Call): void {
    if (call.previous === null) this.#first = call.next
    else call.previous.next = call.next
    if (call.next === null) this.#last = call.previous
    else call.next.previous = call.previous
    call.next = null
    call.previous = null
    call.place = null
    this.length--
  }

  /** A waiting call has nothing to resume. */
  resume(): void {}
}
