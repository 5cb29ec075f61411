import { tokenise } from '../text/tokenise.ts'
import type { Embedder } from './embedder.ts'

const magic = 'RQE1'
const piece = '##'
const hasDigit = /\d/

/**
 * Adds up the vectors of a text's words out of a table: a sentence encoder distilled into a look-up
 * (Model2Vec). How much a word counts is in the length of its vector. An unknown word is put together
 * from pieces, longest first (WordPiece); unknown words with digits are taken for values and left out.
 */
export class StaticEmbedder implements Embedder {
  readonly id: string
  readonly dimensions: number
  readonly #rows: ReadonlyMap<string, number>
  readonly #scales: Float32Array
  readonly #table: Int8Array

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
    const words = text.decode(file.subarray(wordsAt, wordsAt + header.vocabularyBytes)).split('\n')
    this.#rows = new Map(words.map((word, row) => [word, row]))
    this.#scales = new Float32Array(Uint8Array.from(file.subarray(scalesAt, tableAt)).buffer)
    this.#table = new Int8Array(file.buffer, file.byteOffset + tableAt, tableBytes)
  }

  embed(text: string, into: Float32Array): void {
    into.fill(0)
    for (const word of tokenise(text)) {
      const row = this.#rows.get(word)
      if (row !== undefined) this.#add(row, 1, into)
      else if (!hasDigit.test(word)) this.#addPieces(word, into)
    }
    normalise(into)
  }

  #addPieces(word: string, into: Float32Array): void {
    const rows = this.#cut(word)
    for (const row of rows) this.#add(row, 1 / rows.length, into)
  }

  /** The rows of a word's pieces; none when some part of it is unknown. */
  #cut(word: string): number[] {
    const rows: number[] = []
    let start = 0
    while (start < word.length) {
      let end = word.length
      let row: number | undefined
      for (; end > start && row === undefined; end--) {
        const part = word.slice(start, end)
        row = this.#rows.get(start === 0 ? part : `${piece}${part}`)
      }
      if (row === undefined) return []
      rows.push(row)
      start = end + 1
    }
    return rows
  }

  #add(row: number, share: number, into: Float32Array): void {
    const table = this.#table
    const scale = (this.#scales[row] as number) * share
    const start = row * this.dimensions
    for (let column = 0; column < into.length; column++) {
      into[column] = (into[column] as number) + scale * (table[start + column] as number)
    }
  }
}

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
  for (const value of vector) squares += value * value
  if (squares === 0) return
  const factor = 1 / Math.sqrt(squares)
  for (let column = 0; column < vector.length; column++) vector[column] = (vector[column] as number) * factor
}
