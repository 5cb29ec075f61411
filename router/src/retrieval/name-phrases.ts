import { Vocabulary } from './text/vocabulary.ts'

/** A single word must be this long to count as said by name: `go` and `set` are said by chance. */
const shortestWord = 4
const longestPhrase = 12

/** Skills by the names and trigger phrases they can be called by, in a tree of stems. */
export class NamePhrases {
  readonly #vocabulary: Vocabulary
  readonly #root: Node = { children: null, slots: [] }
  readonly #phrases: (readonly Stems[] | undefined)[] = []

  constructor(vocabulary: Vocabulary = new Vocabulary()) {
    this.#vocabulary = vocabulary
  }

  put(slot: number, phrases: readonly string[]): void {
    this.delete(slot)
    const read = phrases.map((phrase) => this.#read(phrase)).filter((stems) => this.#isTelling(stems))
    for (const stems of read) this.#add(stems, slot)
    this.#phrases[slot] = read
  }

  delete(slot: number): void {
    for (const stems of this.#phrases[slot] ?? []) remove(this.#root, stems, 0, slot)
    this.#phrases[slot] = undefined
  }

  /**
   * The skills a request calls by name or trigger phrase, longest phrase first.
   *
   * @param sequence the stems of the request in order, numbers below 0 for those that no skill has
   */
  search(sequence: Int32Array): number[] {
    const found: { readonly length: number; readonly slots: readonly number[] }[] = []
    for (let start = 0; start < sequence.length; start++) {
      let node: Node | undefined = this.#root
      for (let index = start; index < sequence.length; index++) {
        node = node.children?.get(sequence[index] as number)
        if (node === undefined) break
        if (node.slots.length > 0) found.push({ length: index + 1 - start, slots: node.slots })
      }
    }
    found.sort((one, other) => other.length - one.length)
    return [...new Set(found.flatMap(({ slots }) => slots))]
  }

  #read(phrase: string): Stems {
    const words = this.#vocabulary.read(phrase).slice(0, longestPhrase)
    return Array.from(words, (word) => this.#vocabulary.stemOf(word))
  }

  #isTelling(stems: Stems): boolean {
    const [first] = stems
    return stems.length > 1 || (first !== undefined && this.#vocabulary.wordOf(first).length >= shortestWord)
  }

  #add(stems: Stems, slot: number): void {
    let node = this.#root
    for (const stem of stems) {
      node.children ??= new Map()
      let child = node.children.get(stem)
      if (child === undefined) {
        child = { children: null, slots: [] }
        node.children.set(stem, child)
      }
      node = child
    }
    if (!node.slots.includes(slot)) node.slots.push(slot)
  }
}

type Stems = readonly number[]

interface Node {
  children: Map<number, Node> | null
  /** Skills called by the words on the way here. */
  slots: number[]
}

/** Takes a phrase out again, with the nodes that nothing else needs. */
function remove(node: Node, stems: Stems, depth: number, slot: number): void {
  if (depth === stems.length) {
    node.slots = node.slots.filter((held) => held !== slot)
    return
  }
  const stem = stems[depth] as number
  const child = node.children?.get(stem)
  if (child === undefined) return
  remove(child, stems, depth + 1, slot)
  if (child.slots.length > 0 || child.children !== null) return
  node.children?.delete(stem)
  if (node.children?.size === 0) node.children = null
}
