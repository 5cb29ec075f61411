import type { HeaderFields } from '../../http1/header-fields.ts'
import type { UpstreamFailure } from '../../providers/failure.ts'
import type { Attempt, StreamingCall, StreamTarget } from '../../relay/attempt.ts'
import { transportFailure } from '../../relay/transport-failure.ts'

/** What follows a round that has ended well. */
export interface RoundSequence {
  /** True when the answer goes on with another call. */
  readonly goesOn: boolean
  /** Makes that call and waits for its first event; or says why there is none. */
  next(): Promise<Attempt | UpstreamFailure>
  /** A call broke off; the one to make in its place, if that is still possible. */
  recover(failure: UpstreamFailure): Promise<Attempt | UpstreamFailure>
  /** Ends the call under way. */
  cancel(): void
}

/** Upstream calls one after the other, for the client one stream. */
export class SplicedCall implements StreamingCall {
  readonly fields: HeaderFields
  readonly #rounds: RoundSequence
  #current: Attempt
  #target: StreamTarget | null = null
  #cancelled = false

  constructor(first: Attempt, rounds: RoundSequence) {
    this.#current = first
    this.fields = first.fields
    this.#rounds = rounds
  }

  pipeTo(target: StreamTarget): void {
    this.#target = target
    this.#pipe()
  }

  cancel(): void {
    this.#cancelled = true
    this.#rounds.cancel()
  }

  resume(): void {
    this.#current.resume()
  }

  #pipe(): void {
    const target = this.#target
    if (target === null) return
    this.#current.pipeTo({
      write: (text) => text === '' || target.write(text),
      finish: (failure) => this.#endRound(failure, target),
    })
  }

  #endRound(failure: UpstreamFailure | null, target: StreamTarget): void {
    if (failure !== null) void this.#goOn(this.#rounds.recover(failure), target)
    else if (this.#rounds.goesOn) void this.#goOn(this.#rounds.next(), target)
    else target.finish(null)
  }

  async #goOn(following: Promise<Attempt | UpstreamFailure>, target: StreamTarget): Promise<void> {
    let next: Attempt | UpstreamFailure
    try {
      next = await following
    } catch (error) {
      // A client that left has been dealt with; anything else would be a defect.
      if (!this.#cancelled)
        target.finish(transportFailure(error instanceof Error ? error : new Error(String(error))))
      return
    }
    if (this.#cancelled) return
    if ('kind' in next) {
      target.finish(next)
      return
    }
    this.#current = next
    this.#pipe()
  }
}
