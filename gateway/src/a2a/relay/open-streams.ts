import type { A2aError } from '../protocol/a2a-error.ts'

type Interrupt = (error: A2aError) => void

/** The streams under way, so that an agent that is removed, and a shutdown, can end them with an event that says so. */
export class OpenStreams {
  readonly #byAgent = new Map<string, Set<Interrupt>>()
  readonly #onChange: (open: number) => void
  #open = 0

  /** `onChange` hears how many there are. */
  constructor(onChange: (open: number) => void) {
    this.#onChange = onChange
  }

  /** Returns what takes it out again. */
  add(agentId: string, interrupt: Interrupt): () => void {
    const streams = this.#byAgent.get(agentId) ?? new Set()
    this.#byAgent.set(agentId, streams.add(interrupt))
    this.#open += 1
    this.#onChange(this.#open)
    return () => {
      if (streams.delete(interrupt)) this.#open -= 1
      this.#onChange(this.#open)
      if (streams.size === 0 && this.#byAgent.get(agentId) === streams) this.#byAgent.delete(agentId)
    }
  }

  interruptAgent(agentId: string, error: A2aError): void {
    for (const interrupt of [...(this.#byAgent.get(agentId) ?? [])]) interrupt(error)
  }

  interruptAll(error: A2aError): void {
    for (const agentId of [...this.#byAgent.keys()]) this.interruptAgent(agentId, error)
  }
}
