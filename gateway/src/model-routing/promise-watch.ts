import { type Guarantee, type PromiseTest, retestPromise } from '@routeiq/router'
import type { ChoiceStore, PromisedChoice, RouterTraffic } from './choice-store.ts'
import { RepeatedTask } from './repeated-task.ts'

const windowMs = 30 * 86_400_000
/** The newest so many. */
const mostRows = 20_000

export interface PromiseWatchOptions {
  readonly store: Pick<ChoiceStore, 'listPromised'>
  /** Milliseconds from one test to the next. */
  readonly everyMs: () => number
  readonly now: () => number
  /** Told of a promise each time it is found broken. */
  readonly onBroken: (owner: RouterTraffic, promise: Guarantee, test: PromiseTest) => void
  readonly onTested: (broken: number) => void
  readonly onError: (error: unknown) => void
}

/** Holds promises about mean quality against what was judged of them, once a day as a rule; requests only look at the verdicts. */
export class PromiseWatch {
  readonly #options: PromiseWatchOptions
  #broken: ReadonlySet<string> = new Set()
  readonly #task: RepeatedTask

  constructor(options: PromiseWatchOptions) {
    this.#options = options
    this.#task = new RepeatedTask({ ...options, work: () => this.#test() })
  }

  /** Until the thirty days are over that broke it, or another bundle is in force. */
  isBroken(owner: RouterTraffic, promise: Guarantee): boolean {
    return this.#broken.size > 0 && this.#broken.has(keyOf(owner, promise))
  }

  /** Tests at once, and then again and again. */
  run(): Promise<void> {
    return this.#task.run()
  }

  async #test(): Promise<void> {
    const { store, now, onBroken, onTested } = this.#options
    const groups = new Map<string, PromisedChoice[]>()
    for (const choice of await store.listPromised(now() - windowMs, mostRows)) {
      const key = keyOf(choice, choice.promise)
      const members = groups.get(key)
      if (members === undefined) groups.set(key, [choice])
      else members.push(choice)
    }
    const broken = new Set<string>()
    for (const [key, choices] of groups) {
      const [newest] = choices
      if (newest === undefined) continue
      const test = retestPromise(choices, newest.promise)
      if (!test.isBroken) continue
      broken.add(key)
      onBroken(newest, newest.promise, test)
    }
    this.#broken = broken
    onTested(broken.size)
  }

  close(): void {
    this.#task.close()
  }
}

function keyOf({ router, bundleId }: RouterTraffic, { epsilon, delta }: Guarantee): string {
  return JSON.stringify([router, bundleId, epsilon, delta])
}
