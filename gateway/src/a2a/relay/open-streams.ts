import type { A2aError } from '../protocol/a2a-error.ts'

type Interrupt = (error: A2aError) => void

/** The streams under way, so that an agent that is removed, and a shutdown, can end them with an event that says so. */
export class OpenStreams {
  readonly #byAgent = new Map<string, Set<Interrupt>>()

  get size(): number {
    let size = 0
    for (const streams of this.#byAgent.values()) size += streams.size
    return size
  }

  /** Returns what takes it out again. */
  add(agentId: string, interrupt: Interrupt): () => void {
    const streams = this.#byAgent.get(agentId) ?? new Set()
    this.#byAgent.set(agentId, streams.add(interrupt))
    return () => {
      streams.delete(interrupt)
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
