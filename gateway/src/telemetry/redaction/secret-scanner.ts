import { marker } from './marker.ts'

const blockLength = 3
const tableSize = 1 << 16

/**
 * Finds many literals in one pass (Wu and Manber, "A fast algorithm for multi-pattern searching", 1994): a table
 * over three-character blocks says how far the window may jump, so most of the text is never looked at and the cost
 * hardly grows with the number of secrets.
 */
export class SecretScanner {
  readonly #window: number
  readonly #jumps: Uint8Array
  readonly #candidates = new Map<number, string[]>()

  /** Literals must be at least 3 characters long. */
  constructor(literals: readonly string[]) {
    const shortest = literals.reduce((length, literal) => Math.min(length, literal.length), 255)
    this.#window = shortest
    this.#jumps = new Uint8Array(tableSize).fill(shortest - blockLength + 1)
    for (const literal of [...literals].sort((a, b) => b.length - a.length)) this.#index(literal)
  }

  /** The text with every occurrence replaced by the marker, the longest literal first at each place. */
  replaceAll(text: string): string {
    let result = ''
    let copied = 0
    let position = this.#window - 1
    while (position < text.length) {
      const block = blockAt(text, position)
      const jump = this.#jumps[block] ?? 1
      if (jump > 0) {
        position += jump
        continue
      }
      const start = position - this.#window + 1
      const length = this.#matchAt(text, start, block)
      if (length === 0) {
        position += 1
        continue
      }
      result += text.slice(copied, start) + marker
      copied = start + length
      position = copied + this.#window - 1
    }
    return copied === 0 ? text : result + text.slice(copied)
  }

  #index(literal: string): void {
    for (let end = blockLength - 1; end < this.#window; end++) {
      const block = blockAt(literal, end)
      const distance = this.#window - 1 - end
      if (distance < (this.#jumps[block] ?? 0)) this.#jumps[block] = distance
      if (distance !== 0) continue
      const sharing = this.#candidates.get(block)
      if (sharing) sharing.push(literal)
      else this.#candidates.set(block, [literal])
    }
  }

  #matchAt(text: string, start: number, block: number): number {
    for (const literal of this.#candidates.get(block) ?? []) {
      if (text.startsWith(literal, start)) return literal.length
    }
    return 0
  }
}

function blockAt(text: string, end: number): number {
  return (
    ((text.charCodeAt(end - 2) << 10) ^ (text.charCodeAt(end - 1) << 5) ^ text.charCodeAt(end)) &
    (tableSize - 1)
  )
}
