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
  readonly barriers: RegExp
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
function* follow(text: string, reached: Iterable<Reached>, link: Link): Generator<Reached> {
  const before = [...reached]
  const barriers = before.length === 0 ? [] : Array.from(text.matchAll(link.barriers), ({ index }) => index)
  let earliest = 0
  let barrier = 0
  if (before.length === 0) return
  for (const { 0: matched, index } of text.matchAll(link.next)) {
    while ((barriers[barrier] ?? index) < index) barrier += 1
    const lowest = Math.max(index - link.within, barrier === 0 ? 0 : (barriers[barrier - 1] ?? 0) + 1)
    while ((before[earliest]?.end ?? index) < lowest) earliest += 1
    const start = before[earliest]
    if (start !== undefined && start.end <= index) yield { from: start.from, end: index + matched.length }
  }
}
