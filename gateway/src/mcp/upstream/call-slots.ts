import { UpstreamFailure } from './upstream-failure.ts'

const maxRunning = 64
const maxWaiting = 256
const failuresToOpen = 5
const openMs = 10_000

/**
 * What one tool server may be asked at a time. After five failures in a row nobody waits for it for ten seconds, then one
 * call tries again.
 */
export class CallSlots {
  readonly #name: string
  readonly #now: () => number
  #running = 0
  readonly #waiting: (() => void)[] = []
  #failures = 0
  #openUntil = 0

  constructor(name: string, now: () => number) {
    this.#name = name
    this.#now = now
  }

  /** Runs `work` when there is room. Errors: `busy`, or that the server has failed too often lately. */
  async run<Result>(work: () => Promise<Result>, counts: (error: unknown) => boolean): Promise<Result> {
    if (this.#now() < this.#openUntil) {
      throw new UpstreamFailure(
        'unreachable',
        `${this.#name} has failed repeatedly; it is asked again shortly.`,
      )
    }
    await this.#enter()
    try {
      const result = await work()
      this.#failures = 0
      return result
    } catch (error) {
      this.#count(counts(error))
      throw error
    } finally {
      this.#leave()
    }
  }

  #count(isFailure: boolean): void {
    this.#failures = isFailure ? this.#failures + 1 : 0
    if (this.#failures >= failuresToOpen) this.#openUntil = this.#now() + openMs
  }

  #enter(): Promise<void> | void {
    if (this.#running < maxRunning) {
      this.#running += 1
      return
    }
    if (this.#waiting.length >= maxWaiting) {
      throw new UpstreamFailure('busy', `${this.#name} has too many calls waiting; try again shortly.`)
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #leave(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#running -= 1
    else next()
  }
}
