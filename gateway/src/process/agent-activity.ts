import type { A2aStore, Activity } from '../a2a/a2a-store.ts'

const flushEveryMs = 5_000
const picoPerNano = 1_000n

type Mutable<Row> = { -readonly [Member in keyof Row]: Row[Member] }

/** Counts how agents do, and writes it down every few seconds. */
export class AgentActivity {
  readonly #store: Pick<A2aStore, 'addActivity'>
  readonly #onError: (error: unknown) => void
  readonly #now: () => number
  readonly #timer: NodeJS.Timeout
  #counted = new Map<string, Mutable<Activity>>()

  constructor(store: Pick<A2aStore, 'addActivity'>, onError: (error: unknown) => void, now: () => number) {
    this.#store = store
    this.#onError = onError
    this.#now = now
    this.#timer = setInterval(() => void this.#flush(), flushEveryMs)
    this.#timer.unref()
  }

  count(agentId: string, isSuccess: boolean, latencyMs: number, costPico: bigint | null): void {
    const day = new Date(this.#now()).toISOString().slice(0, 10)
    const key = `${day} ${agentId}`
    const known = this.#counted.get(key) ?? {
      agentId,
      day,
      calls: 0,
      successes: 0,
      latencyMs: 0,
      costNanoUsd: 0,
    }
    known.calls += 1
    known.successes += isSuccess ? 1 : 0
    known.latencyMs += latencyMs
    known.costNanoUsd += Number((costPico ?? 0n) / picoPerNano)
    this.#counted.set(key, known)
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#flush()
  }

  async #flush(): Promise<void> {
    if (this.#counted.size === 0) return
    const rows = [...this.#counted.values()]
    this.#counted = new Map()
    await this.#store.addActivity(rows).catch(this.#onError)
  }
}
