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

/** Beginnings and ends in turn, in the order of the text. */
type Places = readonly number[]

/** A text in which chains are looked for: what several of them have in common is looked for once. */
export class ChainedText {
  readonly #text: string
  readonly #places = new Map<RegExp, Places>()

  constructor(text: string) {
    this.#text = text
  }

  /** Where a chain occurs, from the beginning of its first pattern to the end of its last. All patterns have the flag `g`. */
  *match({ first, links }: Chain): Generator<{ index: number; 0: string }> {
    // What comes last is the rarest: most texts have none of it, and need not be read for the rest.
    for (const { next } of links.toReversed()) if (this.#find(next).length === 0) return
    let reached = this.#find(first)
    for (const link of links) reached = this.#follow(reached, link)
    for (let at = 0; at < reached.length; at += 2) {
      const index = reached[at] as number
      yield { index, 0: this.#text.slice(index, reached[at + 1]) }
    }
  }

  #find(pattern: RegExp): Places {
    const known = this.#places.get(pattern)
    if (known !== undefined) return known
    const places: number[] = []
    pattern.lastIndex = 0
    for (let found = pattern.exec(this.#text); found !== null; found = pattern.exec(this.#text))
      places.push(found.index, pattern.lastIndex)
    this.#places.set(pattern, places)
    return places
  }

  /** Of all places from which the next pattern can be reached the earliest counts, so that the match shows most. */
  #follow(before: Places, { within, barriers, next }: Link): Places {
    const places = this.#find(next)
    const reached: number[] = []
    let earliest = 0
    let readTo = 0
    let barrier = -1
    for (let at = 0; at < places.length && earliest < before.length; at += 2) {
      const index = places[at] as number
      // What was read for the match before is not read again.
      barrier = Math.max(barrier, this.#findBarrier(barriers, Math.max(readTo, index - within), index))
      readTo = index
      const lowest = Math.max(index - within, barrier + 1)
      while (earliest < before.length && (before[earliest + 1] as number) < lowest) earliest += 2
      if (earliest < before.length && (before[earliest + 1] as number) <= index)
        reached.push(before[earliest] as number, places[at + 1] as number)
    }
    return reached
  }

  /** The last barrier in a part of the text; -1 when there is none. */
  #findBarrier(barriers: string, from: number, to: number): number {
    for (let at = to - 1; at >= from; at -= 1) if (barriers.includes(this.#text.charAt(at))) return at
    return -1
  }
}
