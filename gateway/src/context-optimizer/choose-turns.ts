import type { Turn } from './turn.ts'

/** What nothing is taken away from: all up to `lastMark`, and all from `lastAsk` on. */
export interface Protected {
  /** The last turn that a provider's cache is asked to keep; -1 for none. */
  readonly lastMark: number
  /** What the human said last; -1 for nothing. */
  readonly lastAsk: number
}

/** The turns without system messages that stand there word for word before. */
export function dropRepeatedSystem(
  turns: readonly Turn[],
  { lastMark, lastAsk }: Protected,
): ReadonlySet<number> {
  const seen = new Set<string>()
  const dropped = new Set<number>()
  for (const [index, { role, item }] of turns.entries()) {
    if (role !== 'system') continue
    const text = JSON.stringify(item)
    if (seen.has(text) && index > lastMark && index < lastAsk) dropped.add(index)
    seen.add(text)
  }
  return dropped
}

/** Shorter messages may be said twice for a reason. */
const leastRepeated = 40

/**
 * Messages that say what one of the same role has said before, but for case, spacing and punctuation. Those stay whose loss would
 * put two messages of one role side by side.
 */
export function dropNearRepeats(
  turns: readonly Turn[],
  { lastMark, lastAsk }: Protected,
): ReadonlySet<number> {
  const seen = new Set<string>()
  const repeated = turns.map(({ role, words }, index) => {
    if (words === null || (role !== 'user' && role !== 'assistant')) return false
    const said = words
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
      .trim()
    if (said.length < leastRepeated) return false
    const isRepeated = seen.has(`${role} ${said}`) && index > lastMark && index < lastAsk
    seen.add(`${role} ${said}`)
    return isRepeated
  })
  const dropped = new Set<number>()
  for (let first = 0; first < turns.length; first += 1) {
    if (repeated[first] !== true) continue
    let last = first
    while (repeated[last + 1] === true) last += 1
    if (mayClose(turns, first, last)) for (let index = first; index <= last; index += 1) dropped.add(index)
    first = last
  }
  return dropped
}

const speakers: ReadonlySet<unknown> = new Set(['user', 'assistant', 'system'])

/** Whether what is left and right of the turns from `first` to `last` may stand side by side. */
function mayClose(turns: readonly Turn[], first: number, last: number): boolean {
  const before = turns[first - 1]?.role
  const after = turns[last + 1]?.role
  if (!speakers.has(before) || !speakers.has(after)) return false
  return before !== after || before === turns[first]?.role || after === turns[last]?.role
}

/**
 * Of more than `maxTurns` turns the system messages and the last `keepLast` others stay; fewer where the history would not begin with
 * what a human said, more where it would end before the last of that. Results of tools stay with their calls. Nothing is taken away from
 * what a provider's cache is asked to keep.
 */
export function trimHistory(
  turns: readonly Turn[],
  { lastMark }: Protected,
  { maxTurns, keepLast }: { readonly maxTurns: number; readonly keepLast: number },
): ReadonlySet<number> {
  const spoken = turns.flatMap(({ role }, index) => (role === 'system' ? [] : [index]))
  if (spoken.length <= maxTurns || lastMark >= 0) return new Set()
  const cutoff = spoken.at(-keepLast) ?? 0
  const isSplit = findSplits(turns)
  const starts = spoken.filter((index) => turns[index]?.role === 'user' && isSplit[index] === false)
  const start = starts.find((index) => index >= cutoff) ?? starts.at(-1) ?? 0
  return new Set(spoken.filter((index) => index < start))
}

/** By index: whether a history that begins there has the result of a tool without its call. */
function findSplits(turns: readonly Turn[]): readonly boolean[] {
  const callAt = new Map<string, number>()
  /** How many more calls are waiting for their results at an index than at the one before. */
  const steps = new Int32Array(turns.length + 1)
  for (const [index, { calls, results }] of turns.entries()) {
    for (const name of results) {
      const begin = (callAt.get(name) ?? -1) + 1
      steps[begin] = (steps[begin] ?? 0) + 1
      steps[index + 1] = (steps[index + 1] ?? 0) - 1
    }
    for (const name of calls) callAt.set(name, index)
  }
  let waiting = 0
  return turns.map((_, index) => {
    waiting += steps[index] ?? 0
    return waiting > 0
  })
}
