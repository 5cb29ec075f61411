import { WriteBehind, type WriteBehindOptions } from '../../write-behind.ts'
import type { DecisionStore } from './decision-store.ts'
import type { RoutingDecision } from './routing-decision.ts'

export interface DecisionLogOptions extends Pick<WriteBehindOptions<RoutingDecision>, 'onWriteFailed'> {
  readonly store: DecisionStore
}

/**
 * Decisions on their way to the store, found in the queue until they are there. While the database refuses them no more are
 * taken, so that nobody is promised a join that may not come.
 */
export class DecisionLog {
  readonly #store: DecisionStore
  readonly #queue: WriteBehind<RoutingDecision>

  constructor({ store, onWriteFailed }: DecisionLogOptions) {
    this.#store = store
    this.#queue = new WriteBehind({
      flushAfterMs: 250,
      keyOf: ({ routingId }) => routingId,
      write: (rows) => store.saveDecisions(rows),
      onWriteFailed,
    })
  }

  /** Rows not yet written. */
  get waiting(): number {
    return this.#queue.waiting
  }

  /** False when the decision will not be kept: its routing id is synthetic. */
  record(decision: RoutingDecision): boolean {
    return !this.#queue.isFailing && this.#queue.add(decision)
  }

  /** Null when there is none in this workspace. Rejects with `storage_unavailable`. */
  async find(workspaceId: string, routingId: string): Promise<RoutingDecision | null> {
    const waiting = this.#queue.find(routingId)
    if (waiting !== undefined) return waiting.workspaceId === workspaceId ? waiting : null
    return this.#store.findDecision(workspaceId, routingId)
  }

  /** Writes what waits; resolves when it is written or a write has failed. */
  flush(): Promise<void> {
    return this.#queue.flush()
  }

  /** Writes what can be written and stops. */
  close(): Promise<void> {
    return this.#queue.close()
  }
}
