import { stem } from './text/stem.ts'
import { tokenise } from './text/tokenise.ts'

/** A single word must be this long to count as said by name: `go` and `set` are said by chance. */
const shortestWord = 4

/** Skills by the names and trigger phrases they can be called by. */
export class NamePhrases {
  readonly #slots = new Map<string, number[]>()
  readonly #phrases: (readonly string[] | undefined)[] = []
  #longest = 0

  put(slot: number, phrases: readonly string[]): void {
    this.delete(slot)
    const keys = [...new Set(phrases.map(readPhrase).filter((words) => isTelling(words)))]
    const joined = [...new Set(keys.map((words) => words.join(' ')))]
    for (const words of keys) this.#longest = Math.max(this.#longest, words.length)
    for (const key of joined) this.#slots.set(key, [...(this.#slots.get(key) ?? []), slot])
    this.#phrases[slot] = joined
  }

  delete(slot: number): void {
    for (const key of this.#phrases[slot] ?? []) {
      const left = (this.#slots.get(key) ?? []).filter((held) => held !== slot)
      if (left.length === 0) this.#slots.delete(key)
      else this.#slots.set(key, left)
    }
    this.#phrases[slot] = undefined
  }

  /** The skills a request calls by name or trigger phrase, longest phrase first. */
  search(sequence: readonly string[]): number[] {
    const found = new Set<number>()
    for (let length = Math.min(this.#longest, sequence.length); length > 0; length--) {
      for (let start = 0; start + length <= sequence.length; start++) {
        const slots = this.#slots.get(sequence.slice(start, start + length).join(' '))
        for (const slot of slots ?? []) found.add(slot)
      }
    }
    return [...found]
  }
}

const readPhrase = (phrase: string): string[] => tokenise(phrase).slice(0, 12).map(stem)

const isTelling = (words: readonly string[]): boolean =>
  words.length > 1 || (words[0] !== undefined && words[0].length >= shortestWord)
