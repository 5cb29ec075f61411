/**
 * Patterns that must follow one another with other text between them. One expression for all of it would try every
 * distance at every place; a chain looks for each pattern once and joins what was found, in time linear in the text.
 */
export interface Chain {
  readonly first: RegExp
  readonly links: readonly Link[]
}

interface Link {
  /** The most characters between the patterns. */
  readonly within: number
  /** Characters that may not stand between them. */
  readonly barriers: string
  readonly next: RegExp
}

interface Reached {
  /** Where the first pattern began. */
  readonly from: number
  readonly end: number
}

/** Where a chain occurs, from the beginning of its first pattern to the end of its last. All patterns have the flag `g`. */
export function* matchChain(text: string, { first, links }: Chain): Generator<{ index: number; 0: string }> {
  let reached: Iterable<Reached> = matchFirst(text, first)
  for (const link of links) reached = follow(text, reached, link)
  for (const { from, end } of reached) yield { index: from, 0: text.slice(from, end) }
}

function* matchFirst(text: string, first: RegExp): Generator<Reached> {
  for (const { 0: matched, index } of text.matchAll(first)) yield { from: index, end: index + matched.length }
}

/** Of all places from which the next pattern can be reached the earliest counts, so that the match shows most. */
function* follow(
  text: string,
  reached: Iterable<Reached>,
  { within, barriers, next }: Link,
): Generator<Reached> {
  const before = [...reached]
  let earliest = 0
  let readTo = 0
  let barrier = -1
  for (const { 0: matched, index } of text.matchAll(next)) {
    // What was read for the match before is not read again.
    barrier = Math.max(barrier, findBarrier(text, barriers, Math.max(readTo, index - within), index))
    readTo = index
    const lowest = Math.max(index - within, barrier + 1)
    while ((before[earliest]?.end ?? index) < lowest) earliest += 1
    const start = before[earliest]
    if (start === undefined) return
    if (start.end <= index) yield { from: start.from, end: index + matched.length }
  }
}

/** The last barrier in a part of the text; -1 when there is none. */
function findBarrier(text: string, barriers: string, from: number, to: number): number {
  for (let at = to - 1; at >= from; at -= 1) if (barriers.includes(text.charAt(at))) return at
  return -1
}
