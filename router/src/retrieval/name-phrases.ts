import { PackedLists } from './packed-lists.ts'
import { PhraseTree } from './phrase-tree.ts'
import { Vocabulary } from './text/vocabulary.ts'

/** A single word must be this long to count as said by name: `go` and `set` are said by chance. */
const shortestWord = 4
const longestPhrase = 12

/** Skills by the names and trigger phrases they can be called by. */
export class NamePhrases {
  readonly #vocabulary: Vocabulary
  readonly #tree = new PhraseTree()
  /** By slot, the nodes of its phrases. */
  readonly #nodes = new PackedLists()

  constructor(vocabulary: Vocabulary = new Vocabulary()) {
    this.#vocabulary = vocabulary
  }

  put(slot: number, phrases: readonly string[]): void {
    this.delete(slot)
    const nodes: number[] = []
    for (const phrase of phrases) {
      const stems = this.#read(phrase)
      if (this.#isTelling(stems)) nodes.push(this.#tree.add(stems, slot))
    }
    this.#nodes.put(slot, Int32Array.from(nodes))
  }

  delete(slot: number): void {
    for (const node of this.#nodes.read(slot)) this.#tree.remove(node, slot)
    this.#nodes.delete(slot)
  }

  /**
   * The skills a request calls by name or trigger phrase, longest phrase first.
   *
   * @param sequence the stems of the request in order, numbers below 0 for those that no skill has
   */
  search(sequence: Int32Array): number[] {
    const found: { readonly length: number; readonly slots: readonly number[] }[] = []
    for (let start = 0; start < sequence.length; start++) {
      let node = this.#tree.root
      for (let index = start; index < sequence.length; index++) {
        node = this.#tree.findChild(node, sequence[index] as number)
        if (node < 0) break
        if (this.#tree.isHeld(node))
          found.push({ length: index + 1 - start, slots: this.#tree.slotsOf(node) })
      }
    }
    found.sort((one, other) => other.length - one.length)
    return [...new Set(found.flatMap(({ slots }) => slots))]
  }

  #read(phrase: string): Int32Array {
    const words = this.#vocabulary.read(phrase).slice(0, longestPhrase)
    for (let index = 0; index < words.length; index++)
      words[index] = this.#vocabulary.stemOf(words[index] as number)
    return words
  }

  #isTelling(stems: Int32Array): boolean {
    const [first] = stems
    return stems.length > 1 || (first !== undefined && this.#vocabulary.wordOf(first).length >= shortestWord)
  }
}
