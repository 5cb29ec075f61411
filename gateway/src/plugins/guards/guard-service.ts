/** What a guard asks over the network. */
export interface GuardService {
  /** JSON for JSON. Errors: rejects, without addresses, when there is no good answer in time. */
  post(body: object): Promise<unknown>
  close(): Promise<void>
}

/** Null where the guard is off. */
export interface GuardServices {
  readonly llamaGuard: GuardService | null
  readonly bedrockGuardrails: GuardService | null
}

const atOnce = 4

/**
 * Asks about each item, four at once, until one answer is a verdict; null when none is. What could not be asked rejects, unless there is a verdict
 * all the same.
 */
export async function findVerdict<Item, Verdict>(
  items: readonly Item[],
  ask: (item: Item) => Promise<Verdict | null>,
): Promise<Verdict | null> {
  const waiting = [...items]
  let verdict: Verdict | null = null
  const work = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined && verdict === null; item = waiting.shift())
      verdict = (await ask(item)) ?? verdict
  }
  const ends = await Promise.allSettled(Array.from({ length: atOnce }, work))
  const failed = ends.find((end) => end.status === 'rejected')
  if (verdict === null && failed !== undefined) throw failed.reason
  return verdict
}
