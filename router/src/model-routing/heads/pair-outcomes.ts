import type { Point } from '../features/feature-space.ts'
import type { LivedOutcome } from './head.ts'

/** Two models that answered the same ask. */
export interface ComparedModels {
  /** Column of the model that answered later. */
  readonly one: number
  readonly other: number
  /** 1 where `one` did better, 0 where it did worse, a half where neither. */
  readonly share: number
  readonly weight: number
}

/** Every judged answer against the last one of each other model to the same ask; oldest first, from outcomes that are newest first. */
export function pairOutcomes(outcomes: readonly LivedOutcome[]): readonly ComparedModels[] {
  const lastByAsk = new Map<string, Map<number, LivedOutcome>>()
  const pairs: ComparedModels[] = []
  for (const outcome of outcomes.toReversed()) {
    const ask = keyOf(outcome.point)
    const last = lastByAsk.get(ask) ?? new Map<number, LivedOutcome>()
    for (const [other, earlier] of last) {
      if (other === outcome.model) continue
      const share = (Math.sign(outcome.score - earlier.score) + 1) / 2
      pairs.push({ one: outcome.model, other, share, weight: Math.min(outcome.weight, earlier.weight) })
    }
    lastByAsk.set(ask, last.set(outcome.model, outcome))
  }
  return pairs
}

/** Asks with the same words and pairs of words are the same. */
function keyOf({ slots, size }: Point): string {
  return slots.subarray(0, size).join()
}
