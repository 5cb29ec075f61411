import { grow } from './text/word-buffer.ts'

/** Of an edge: 1 more than the node it leaves (0 in an empty entry), the stem, and the node it leads to. */
const edgeSize = 3
/** Of a node: its first and its last holder, each 1 more than its number, or 0. */
const nodeSize = 2
/** Of a holder: the slot, and 1 more than the next one of its node, or of the free ones. */
const holderSize = 2

/**
 * Phrases as a tree of stems, each node with the slots that are called by the words on the way there, in the order they
 * came. It lies in three arrays: as objects the names of 100 000 skills are half a million, which the garbage collector
 * looks at for a tenth of a second at once. Nodes stay when nobody holds them, as the words of a vocabulary do.
 */
export class PhraseTree {
  readonly root = 0
  /** A hash table with linear probing. */
  #edges = new Int32Array(edgeSize * 1024)
  #nodes = new Int32Array(nodeSize * 512)
  #holders = new Int32Array(holderSize * 512)
  #nodeCount = 1
  #holderCount = 0
  /** 1 more than the holder that was given up last, or 0. */
  #free = 0

  /** The node of these stems, which `slot` holds from now on; no other may have come since it held some for the first time. */
  add(stems: Int32Array, slot: number): number {
    let node = this.root
    for (let index = 0; index < stems.length; index++) node = this.#openChild(node, stems[index] as number)
    const last = this.#nodes[nodeSize * node + 1] as number
    if (last === 0 || this.#holders[holderSize * (last - 1)] !== slot) this.#append(node, slot)
    return node
  }

  remove(node: number, slot: number): void {
    let before = 0
    let holder = this.#nodes[nodeSize * node] as number
    while (holder !== 0 && this.#holders[holderSize * (holder - 1)] !== slot) {
      before = holder
      holder = this.#nextOf(holder)
    }
    if (holder === 0) return
    const next = this.#nextOf(holder)
    if (before === 0) this.#nodes[nodeSize * node] = next
    else this.#holders[holderSize * (before - 1) + 1] = next
    if (next === 0) this.#nodes[nodeSize * node + 1] = before
    this.#holders[holderSize * (holder - 1) + 1] = this.#free
    this.#free = holder
  }

  /** The node that a stem leads to, -1 when there is none. */
  findChild(node: number, stem: number): number {
    const edges = this.#edges
    const mask = edges.length / edgeSize - 1
    for (let place = hash(node, stem) & mask; ; place = (place + 1) & mask) {
      const at = edgeSize * place
      if (edges[at] === 0) return -1
      if (edges[at] === node + 1 && edges[at + 1] === stem) return edges[at + 2] as number
    }
  }

  isHeld(node: number): boolean {
    return this.#nodes[nodeSize * node] !== 0
  }

  slotsOf(node: number): number[] {
    const slots: number[] = []
    for (let holder = this.#nodes[nodeSize * node] as number; holder !== 0; holder = this.#nextOf(holder))
      slots.push(this.#holders[holderSize * (holder - 1)] as number)
    return slots
  }

  #nextOf(holder: number): number {
    return this.#holders[holderSize * (holder - 1) + 1] as number
  }

  #append(node: number, slot: number): void {
    let holder = this.#free
    if (holder === 0) holder = ++this.#holderCount
    else this.#free = this.#nextOf(holder)
    const at = holderSize * (holder - 1)
    if (at === this.#holders.length) this.#holders = grow(this.#holders, 2 * at)
    this.#holders[at] = slot
    this.#holders[at + 1] = 0
    const last = this.#nodes[nodeSize * node + 1] as number
    if (last === 0) this.#nodes[nodeSize * node] = holder
    else this.#holders[holderSize * (last - 1) + 1] = holder
    this.#nodes[nodeSize * node + 1] = holder
  }

  #openChild(node: number, stem: number): number {
    const found = this.findChild(node, stem)
    if (found >= 0) return found
    const child = this.#nodeCount++
    if (nodeSize * child === this.#nodes.length) this.#nodes = grow(this.#nodes, 2 * this.#nodes.length)
    if (2 * edgeSize * child > this.#edges.length) this.#growEdges()
    this.#place(node, stem, child)
    return child
  }

  #place(node: number, stem: number, child: number): void {
    const edges = this.#edges
    const mask = edges.length / edgeSize - 1
    let place = hash(node, stem) & mask
    while (edges[edgeSize * place] !== 0) place = (place + 1) & mask
    edges[edgeSize * place] = node + 1
    edges[edgeSize * place + 1] = stem
    edges[edgeSize * place + 2] = child
  }

  #growEdges(): void {
    const before = this.#edges
    this.#edges = new Int32Array(2 * before.length)
    for (let at = 0; at < before.length; at += edgeSize) {
      const node = (before[at] as number) - 1
      if (node >= 0) this.#place(node, before[at + 1] as number, before[at + 2] as number)
    }
  }
}

function hash(node: number, stem: number): number {
  const mixed = Math.imul(node, 0x9e3779b1) ^ Math.imul(stem + 1, 0x85ebca6b)
  return (mixed ^ (mixed >>> 15)) >>> 0
}
