import {
  add,
  block,
  branch,
  branchIf,
  constant,
  encodeModule,
  get,
  isEqual,
  isZero,
  loop,
  set,
  simd,
  simdAt,
  subtract,
  v128,
} from '../../wasm-encoding.ts'

const pageBytes = 65_536
/** Slots that are looked at in one round. */
export const slotsTogether = 8
/** Bytes that lists take at most; of 100 000 skills each takes 200 kB. */
const mostListBytes = 2 ** 25
const leastLists = 64
/** A weight or a limit. */
const factorAt = 0
const scoresAt = 16

type Kernel = (scores: number, list: number, count: number, factor: number) => void

interface KnownList {
  readonly place: number
  /** As of which edit it was written. */
  readonly edits: number
}

/**
 * A score for every slot, and lists of what words that many skills hold score in every slot, sixteen bits each. Adding
 * such a list up takes a tenth of the time of adding its skills one by one. The list that was written first makes room
 * for others.
 */
export class ScoreBoard {
  /** What 1 stands for in a list. */
  readonly unit: number
  readonly #memory = new WebAssembly.Memory({ initial: 1 })
  readonly #add: Kernel
  readonly #findAbove: (scores: number, end: number, limit: number) => number
  /** By term, in the order they were written. */
  readonly #known = new Map<number, KnownList>()
  #capacity = 0
  #factor = new Float32Array(0)
  /** All of them; a new view after `reserve` and `open`. */
  lists = new Uint16Array(0)
  /** By slot; a new view after `reserve` and `open`. */
  scores = new Float32Array(0)

  private constructor(module: WebAssembly.Module, greatest: number) {
    this.unit = greatest / 65_535
    const instance = new WebAssembly.Instance(module, { env: { memory: this.#memory } })
    this.#add = instance.exports['add'] as Kernel
    this.#findAbove = instance.exports['findAbove'] as (scores: number, end: number, limit: number) => number
  }

  /**
   * Null where the engine has no SIMD.
   *
   * @param greatest what no number of a list exceeds
   */
  static create(greatest: number): ScoreBoard | null {
    if (typeof WebAssembly === 'undefined') return null
    const code = assembleModule()
    return WebAssembly.validate(code) ? new ScoreBoard(new WebAssembly.Module(code), greatest) : null
  }

  /** Makes room for so many slots. All scores are 0 then, and there are no lists. */
  reserve(slots: number): void {
    this.#capacity = Math.ceil(slots / slotsTogether) * slotsTogether
    this.#known.clear()
    this.#grow(this.#listAt(0))
    this.scores.fill(0)
  }

  /** Where in `lists` that of a term begins, -1 when it is not there or is older than the last edit. */
  find(term: number, edits: number): number {
    const known = this.#known.get(term)
    return known === undefined || known.edits !== edits ? -1 : this.#listAt(known.place) / 2
  }

  /** A list of zeros for a term; where in `lists` it begins. */
  open(term: number, edits: number): number {
    const place = this.#findPlace(term)
    this.#known.set(term, { place, edits })
    this.#grow(this.#listAt(place + 1))
    const start = this.#listAt(place) / 2
    this.lists.fill(0, start, start + this.#capacity)
    return start
  }

  /** Adds the list that begins at `start`, times `weight`, to the scores. */
  add(start: number, weight: number): void {
    this.#factor[0] = weight * this.unit
    this.#add(scoresAt, 2 * start, this.#capacity / slotsTogether, factorAt)
  }

  /**
   * The first of `slotsTogether` slots among which a score is above `limit`, looked for from `slot`, a multiple of
   * that; the capacity when there is none.
   */
  findAbove(slot: number, limit: number): number {
    this.#factor[0] = limit
    return (this.#findAbove(scoresAt + 4 * slot, this.#listAt(0), factorAt) - scoresAt) / 4
  }

  #findPlace(term: number): number {
    const most = Math.max(leastLists, Math.floor(mostListBytes / (2 * this.#capacity)))
    const given = this.#known.has(term) || this.#known.size < most ? term : this.#known.keys().next().value
    const place = given === undefined ? undefined : this.#known.get(given)?.place
    if (given !== undefined) this.#known.delete(given)
    return place ?? this.#known.size
  }

  /** The byte at which a list begins. */
  #listAt(place: number): number {
    return scoresAt + (4 + 2 * place) * this.#capacity
  }

  #grow(bytes: number): void {
    const missing = bytes - this.#memory.buffer.byteLength
    if (missing > 0) this.#memory.grow(Math.ceil(missing / pageBytes))
    const { buffer } = this.#memory
    if (this.lists.buffer === buffer && this.scores.length === this.#capacity) return
    this.#factor = new Float32Array(buffer, factorAt, 1)
    this.scores = new Float32Array(buffer, scoresAt, this.#capacity)
    this.lists = new Uint16Array(buffer)
  }
}

function assembleModule(): Uint8Array<ArrayBuffer> {
  return encodeModule([
    { name: 'add', parameters: 4, locals: [v128], code: addList() },
    { name: 'findAbove', parameters: 3, hasResult: true, locals: [v128], code: findScore() },
  ])
}

/** `for each 8 slots { scores += factor · list }` in float32, at byte addresses. */
function addList(): number[] {
  const [scores, list, count, factorAddress, factor] = [0, 1, 2, 3, 4] as const
  const [load, loadSplat, loadShorts, store] = [0x00, 0x09, 0x04, 0x0b]
  const [toFloat, times, plus] = [simd(0xfa), simd(0xe6), simd(0xe4)]
  const addFour = (quarter: number): number[] => [
    ...get(scores),
    ...[...get(scores), ...simdAt(load, 16 * quarter)],
    ...[...get(list), ...simdAt(loadShorts, 8 * quarter), ...toFloat, ...get(factor), ...times],
    ...[...plus, ...simdAt(store, 16 * quarter)],
  ]
  const each = loop([
    ...[...get(count), ...isZero, ...branchIf(1)],
    ...[...addFour(0), ...addFour(1)],
    ...[...get(scores), ...constant(4 * slotsTogether), ...add, ...set(scores)],
    ...[...get(list), ...constant(2 * slotsTogether), ...add, ...set(list)],
    ...[...get(count), ...constant(1), ...subtract, ...set(count)],
    ...branch(0),
  ])
  return [...get(factorAddress), ...simdAt(loadSplat, 0), ...set(factor), ...block(each)]
}

/** `while (scores < end && no score of 8 > limit) scores += 8 slots`, at byte addresses. */
function findScore(): number[] {
  const [scores, end, limitAddress, limit] = [0, 1, 2, 3] as const
  const [load, loadSplat] = [0x00, 0x09]
  const [isGreater, either, isAny] = [simd(0x44), simd(0x50), simd(0x53)]
  const compare = (quarter: number): number[] => [
    ...[...get(scores), ...simdAt(load, 16 * quarter), ...get(limit), ...isGreater],
  ]
  const each = loop([
    ...[...get(scores), ...get(end), ...isEqual, ...branchIf(1)],
    ...[...compare(0), ...compare(1), ...either, ...isAny, ...branchIf(1)],
    ...[...get(scores), ...constant(4 * slotsTogether), ...add, ...set(scores)],
    ...branch(0),
  ])
  return [...get(limitAddress), ...simdAt(loadSplat, 0), ...set(limit), ...block(each), ...get(scores)]
}
