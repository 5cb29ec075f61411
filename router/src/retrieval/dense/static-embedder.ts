import type { Vocabulary } from '../text/vocabulary.ts'
import { grow, hashBeginnings, longestWord, WordBuffer } from '../text/word-buffer.ts'
import { WordTable } from '../text/word-table.ts'
import type { Embedder, WordEmbedder } from './embedder.ts'
import { blockRows, createRowMemory, type RowMemory } from './row-memory.ts'

const magic = 'RQE1'
const piece = '##'
const hasDigit = /\d/
const mostUnknown = 50_000

/**
 * Adds up the vectors of a text's words out of a table: a sentence encoder distilled into a look-up
 * (Model2Vec). How much a word counts is in the length of its vector. An unknown word is put together
 * from pieces, longest first (WordPiece); unknown words with digits are taken for values and left out.
 */
export class StaticEmbedder implements Embedder {
  readonly id: string
  readonly dimensions: number
  readonly #table: RowMemory
  readonly #scales: Float32Array
  readonly #words = new WordTable()
  readonly #text = new WordBuffer()
  /** Words that are not in the table, with the rows of their pieces; forgotten when they become too many. */
  readonly #unknown = new WordTable()
  #pieces: Int32Array[] = []
  /** Of the beginnings of the word that is cut, by where they end. */
  readonly #hashes = new Int32Array(longestWord + piece.length + 1)
  /** The rows of the text at hand, and how much each counts. */
  readonly #rows = new Int32Array(blockRows)
  readonly #shares = new Float32Array(blockRows)
  #count = 0

  /**
   * @param file `RQE1`, the length of a JSON header as uint32 (little-endian), the header `{id, dimensions, rows,
   * vocabularyBytes}`, the words of the rows one a line, a float32 scale a row, the rows as int8; each part
   * begins at a multiple of four bytes.
   * @throws Error when it is something else
   */
  constructor(file: Uint8Array<ArrayBuffer>) {
    const text = new TextDecoder()
    const headerBytes = new DataView(file.buffer, file.byteOffset).getUint32(4, true)
    if (text.decode(file.subarray(0, 4)) !== magic)
      throw new Error('Not an embedding table: it does not begin with RQE1')
    const header = JSON.parse(text.decode(file.subarray(8, 8 + headerBytes))) as TableHeader
    const wordsAt = roundUp(8 + headerBytes)
    const scalesAt = roundUp(wordsAt + header.vocabularyBytes)
    const tableAt = scalesAt + 4 * header.rows
    const tableBytes = header.rows * header.dimensions
    if (file.length !== tableAt + tableBytes) throw new Error('The embedding table is cut off')
    this.id = header.id
    this.dimensions = header.dimensions
    this.#readWords(text.decode(file.subarray(wordsAt, wordsAt + header.vocabularyBytes)))
    this.#scales = new Float32Array(Uint8Array.from(file.subarray(scalesAt, tableAt)).buffer)
    this.#table = createRowMemory(header.dimensions)
    this.#table.reserve(header.rows)
    const table = new Int8Array(file.buffer, file.byteOffset + tableAt, tableBytes)
    this.#table.bytes.set(table, this.#table.offsetOf(0))
  }

  embed(text: string, into: Float32Array): void {
    into.fill(0)
    this.#addText(text, into)
    this.#addSum(into)
    normalise(into)
  }

  readonly embedWordsOf = (vocabulary: Vocabulary): WordEmbedder => {
    const known = new KnownWords(vocabulary, (word) => this.#findRows(word))
    return {
      embed: (words, rest, into) => {
        into.fill(0)
        for (let index = 0; index < words.length; index++) {
          const row = known.rowOf(words[index] as number)
          if (row >= 0) this.#add(row, 1, into)
          else if (row !== noPieces) this.#addRows(known.pieces, ~row + 1, known.pieces[~row] as number, into)
        }
        this.#addText(rest, into)
        this.#addSum(into)
        normalise(into)
      },
    }
  }

  #addText(text: string, into: Float32Array): void {
    const words = this.#text
    words.read(text)
    for (let index = 0; index < words.count; index++) {
      const row = this.#words.findIn(words, index)
      if (row >= 0) this.#add(row, 1, into)
      else this.#addPieces(index, into)
    }
  }

  /** The rows that make up one word. */
  #findRows(word: string): Int32Array {
    const words = this.#text
    words.read('')
    words.push(word)
    const row = this.#words.findIn(words, 0)
    return row >= 0 ? Int32Array.of(row) : this.#cut(word)
  }

  #add(row: number, share: number, into: Float32Array): void {
    if (this.#count === blockRows) this.#addSum(into)
    this.#rows[this.#count] = row
    this.#shares[this.#count++] = share * (this.#scales[row] as number)
  }

  #addSum(into: Float32Array): void {
    this.#table.addSum(this.#rows, this.#shares, this.#count, into)
    this.#count = 0
  }

  #addPieces(index: number, into: Float32Array): void {
    const known = this.#unknown.findIn(this.#text, index)
    const rows = known >= 0 ? (this.#pieces[known] as Int32Array) : this.#learn(index)
    this.#addRows(rows, 0, rows.length, into)
  }

  #addRows(rows: Int32Array, start: number, count: number, into: Float32Array): void {
    for (let piece = start; piece < start + count; piece++) this.#add(rows[piece] as number, 1 / count, into)
  }

  #learn(index: number): Int32Array {
    if (this.#unknown.size === mostUnknown) {
      this.#unknown.clear()
      this.#pieces = []
    }
    const rows = this.#cut(this.#text.wordAt(index))
    this.#pieces[this.#unknown.add(this.#text, index)] = rows
    return rows
  }

  /** The rows of a word's pieces; none when some part of it is unknown. */
  #cut(word: string): Int32Array {
    const rows: number[] = []
    if (hasDigit.test(word)) return none
    const codes = new Uint16Array(piece.length + word.length)
    for (let index = 0; index < word.length; index++) codes[piece.length + index] = word.charCodeAt(index)
    for (let start = 0; start < word.length; ) {
      if (start > 0) codes.fill(piece.charCodeAt(0), start, start + piece.length)
      const from = start === 0 ? piece.length : start
      hashBeginnings(codes, from, this.#hashes)
      let end = codes.length
      let row = -1
      for (; row < 0 && end > start + piece.length; end--)
        row = this.#words.find(codes, from, end, this.#hashes[end] as number)
      if (row < 0) return none
      rows.push(row)
      start = end + 1 - piece.length
    }
    return Int32Array.from(rows)
  }

  /** The words of all rows, one a line. */
  #readWords(lines: string): void {
    const codes = new Uint16Array(lines.length)
    for (let index = 0; index < lines.length; index++) codes[index] = lines.charCodeAt(index)
    for (let start = 0; start <= codes.length; ) {
      const found = codes.indexOf(lineFeed, start)
      const end = found < 0 ? codes.length : found
      this.#words.addNew(codes, start, end)
      start = end + 1
    }
  }
}

/** Where the words of a vocabulary stand in the table. */
class KnownWords {
  readonly #vocabulary: Vocabulary
  readonly #find: (word: string) => Int32Array
  /** By word: 0 as long as it was not looked up, 1 more than its row, or the complement of where its pieces stand. */
  #places = new Int32Array(512)
  /** How many pieces a word has, and their rows behind it; ahead of all a word that has none. */
  pieces = new Int32Array(512)
  #length = 1

  constructor(vocabulary: Vocabulary, find: (word: string) => Int32Array) {
    this.#vocabulary = vocabulary
    this.#find = find
  }

  /** The row of a word in the table, or the complement of where in `pieces` it stands. */
  rowOf(word: number): number {
    const known = word < this.#places.length ? (this.#places[word] as number) : 0
    const place = known === 0 ? this.#look(word) : known
    return place > 0 ? place - 1 : place
  }

  #look(word: number): number {
    if (word >= this.#places.length) this.#places = grow(this.#places, 2 * this.#vocabulary.size)
    const rows = this.#find(this.#vocabulary.wordOf(word))
    const place = rows.length === 1 ? (rows[0] as number) + 1 : ~this.#keep(rows)
    this.#places[word] = place
    return place
  }

  #keep(rows: Int32Array): number {
    if (rows.length === 0) return 0
    const at = this.#length
    this.#length += 1 + rows.length
    if (this.#length > this.pieces.length) this.pieces = grow(this.pieces, 2 * this.#length)
    this.pieces[at] = rows.length
    this.pieces.set(rows, at + 1)
    return at
  }
}

/** Says of a word that no part of it is in the table. */
const noPieces = -1
const lineFeed = 10
const none = new Int32Array(0)

interface TableHeader {
  readonly id: string
  readonly dimensions: number
  readonly rows: number
  readonly vocabularyBytes: number
}

const roundUp = (bytes: number): number => Math.ceil(bytes / 4) * 4

/** To length 1, in place; zeros stay. */
export function normalise(vector: Float32Array): void {
  let squares = 0
  for (let column = 0; column < vector.length; column++) {
    const value = vector[column] as number
    squares += value * value
  }
  if (squares === 0) return
  const factor = 1 / Math.sqrt(squares)
  for (let column = 0; column < vector.length; column++) vector[column] = (vector[column] as number) * factor
}
