const tableSize = 1 << 15
const caseBit = 0x20
const chunkBytes = 1 << 15
/** UTF-8 needs at most three bytes for one UTF-16 unit. */
const chunkLength = Math.floor(chunkBytes / 3)

interface Candidate {
  readonly bytes: Uint8Array
  readonly group: number
}

/**
 * Says in one cheap pass which groups of fragments a text contains, upper and lower case alike. Three
 * characters at a time are looked up in a table; only a hit is compared. Works on bytes, since a loop over them is half as
 * dear as one over the characters of a string. It may report a group that is not there, never the opposite.
 */
export class TriggerScanner {
  readonly #mayStart = new Uint8Array(tableSize)
  readonly #candidates = new Map<number, Candidate[]>()
  readonly #chunk = new Uint8Array(chunkBytes)
  readonly #encoder = new TextEncoder()

  /** Pairs of a bit and its fragments, separated by spaces, each at least 3 ASCII characters long. */
  constructor(groups: readonly (readonly [group: number, fragments: string])[]) {
    for (const [group, fragments] of groups) {
      for (const fragment of fragments.split(' '))
        this.#index({ bytes: this.#encoder.encode(fragment), group })
    }
  }

  /** The bits of all groups with at least one fragment in the text. */
  scan(text: string): number {
    if (text.length <= chunkLength) return this.#scanChunk(text)
    let found = 0
    // Chunks overlap so that every fragment lies whole in one of them.
    for (let start = 0; start < text.length; start += chunkLength - 32) {
      found |= this.#scanChunk(text.slice(start, start + chunkLength))
    }
    return found
  }

  #scanChunk(text: string): number {
    const { written } = this.#encoder.encodeInto(text, this.#chunk)
    const chunk = this.#chunk
    const mayStart = this.#mayStart
    let found = 0
    let window = 0
    for (let index = 0; index < written; index++) {
      window = roll(window, chunk[index] ?? 0)
      if (mayStart[window] !== 0) found |= this.#confirm(index - 2, written, window)
    }
    return found
  }

  #confirm(start: number, end: number, window: number): number {
    let found = 0
    for (const { bytes, group } of this.#candidates.get(window) ?? []) {
      if (start + bytes.length <= end && this.#matches(bytes, start)) found |= group
    }
    return found
  }

  #matches(bytes: Uint8Array, start: number): boolean {
    for (let index = 0; index < bytes.length; index++) {
      if (((this.#chunk[start + index] ?? 0) | caseBit) !== ((bytes[index] ?? 0) | caseBit)) return false
    }
    return true
  }

  #index(candidate: Candidate): void {
    let window = 0
    for (const byte of candidate.bytes.subarray(0, 3)) window = roll(window, byte)
    this.#mayStart[window] = 1
    const sharing = this.#candidates.get(window)
    if (sharing) sharing.push(candidate)
    else this.#candidates.set(window, [candidate])
  }
}

/** Five bits of each of the last three characters: the table then stays in the processor's first cache. */
function roll(window: number, byte: number): number {
  return ((window << 5) | (byte & 0x1f)) & (tableSize - 1)
}
