import { routeiqMetrics } from './names.ts'
import type { Registry } from './registry/registry.ts'

export type BreakerState = 'closed' | 'open' | 'half_open'

const states: readonly BreakerState[] = ['closed', 'open', 'half_open']

/** States of circuit breakers, and of cooldowns under the name `deployment:<id>`. */
export class BreakerMetrics {
  readonly #transitions
  readonly #gauges
  readonly #current = new Map<string, BreakerState>()

  constructor(registry: Registry) {
    this.#transitions = registry.counter(routeiqMetrics.breakerTransitions)
    this.#gauges = registry.gauge(routeiqMetrics.breakerState)
  }

  /** A breaker not heard of before was closed. Repeating the current state counts nothing. */
  setState(breaker: string, state: BreakerState): void {
    const before = this.#current.get(breaker) ?? 'closed'
    if (before !== state) this.#transitions.bind(breaker, before, state).add()
    this.#current.set(breaker, state)
    for (const each of states) this.#gauges.bind(breaker, each).set(each === state ? 1 : 0)
  }
}
