import { WriteBehind, type WriteBehindOptions } from '../write-behind.ts'
import { type ChoiceStore, type KeptChoice, sourceWeights } from './choice-store.ts'

/** A choice, and what the gateway can tell of answers without being told. */
interface CheckedChoice {
  readonly choice: KeptChoice
  /** What is wrong with its answer; null for nothing. */
  readonly fault: string | null
  /** The earlier decision whose answer did not do, as the same is asked again; null for none. */
  readonly asksAgain: string | null
}

export interface ChoiceLogOptions extends Pick<WriteBehindOptions<CheckedChoice>, 'onWriteFailed'> {
  readonly store: Pick<ChoiceStore, 'saveChoices' | 'giveFeedback' | 'findChoice'>
  readonly now: () => number
  /** Hears of every word against an answer that was kept. */
  readonly onFault: (choice: KeptChoice, source: 'check' | 'implicit', isDrift: boolean) => void
}

/** Choices on their way to the store, with the faults of their answers. What does not fit is not kept. */
export class ChoiceLog {
  readonly #queue: WriteBehind<CheckedChoice>

  constructor(options: ChoiceLogOptions) {
    this.#queue = new WriteBehind({
      flushAfterMs: 100,
      keyOf: ({ choice }) => choice.decisionId,
      write: (rows) => write(options, rows),
      onWriteFailed: options.onWriteFailed,
    })
  }

  record(checked: CheckedChoice): void {
    this.#queue.add(checked)
  }

  /** Writes what waits; resolves when it is written or a write has failed. */
  flush(): Promise<void> {
    return this.#queue.flush()
  }

  close(): Promise<void> {
    return this.#queue.close()
  }
}

/** Written again, nothing counts twice; no fault says nothing. */
async function write(options: ChoiceLogOptions, rows: readonly CheckedChoice[]): Promise<void> {
  const { store } = options
  await store.saveChoices(rows.map(({ choice }) => choice))
  for (const { choice, fault, asksAgain } of rows) {
    if (fault !== null) await speakAgainst(options, choice, 'check', fault)
    const earlier = asksAgain === null ? null : await store.findChoice({ decisionId: asksAgain })
    if (earlier !== null) await speakAgainst(options, earlier, 'implicit', 'asked_again')
  }
}

/** A failure that nobody told of. What a key does counts with that key's influence, what is seen of an answer with nobody's. */
async function speakAgainst(
  { store, now, onFault }: ChoiceLogOptions,
  choice: KeptChoice,
  source: 'check' | 'implicit',
  reason: string,
): Promise<void> {
  const { duplicate, isDrift } = await store.giveFeedback(
    {
      ...{ decisionId: choice.decisionId, source, score: 0, weight: sourceWeights[source], reason },
      ...{ isAutomatic: true, keyHash: source === 'implicit' ? choice.keyHash : null, taskId: null },
    },
    now(),
  )
  if (!duplicate) onFault(choice, source, isDrift)
}
