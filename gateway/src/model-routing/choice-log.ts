import { WriteBehind, type WriteBehindOptions } from '../write-behind.ts'
import type { ChoiceStore, KeptChoice } from './choice-store.ts'

export interface ChoiceLogOptions extends Pick<WriteBehindOptions<KeptChoice>, 'onWriteFailed'> {
  readonly store: Pick<ChoiceStore, 'saveChoices'>
}

/** Choices on their way to the store. What does not fit is not kept. */
export class ChoiceLog {
  readonly #queue: WriteBehind<KeptChoice>

  constructor({ store, onWriteFailed }: ChoiceLogOptions) {
    this.#queue = new WriteBehind({
      flushAfterMs: 100,
      keyOf: ({ decisionId }) => decisionId,
      write: (rows) => store.saveChoices(rows),
      onWriteFailed,
    })
  }

  record(choice: KeptChoice): void {
    this.#queue.add(choice)
  }

  /** Writes what waits; resolves when it is written or a write has failed. */
  flush(): Promise<void> {
    return this.#queue.flush()
  }

  close(): Promise<void> {
    return this.#queue.close()
  }
}
