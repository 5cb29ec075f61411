/** Octets in pieces that follow each other: a body of which a few octets were replaced is not copied for that. */
export class Pieces {
  readonly pieces: readonly Buffer[]
  readonly length: number

  constructor(pieces: readonly Buffer[]) {
    this.pieces = pieces
    let length = 0
    for (const piece of pieces) length += piece.length
    this.length = length
  }

  join(): Buffer {
    return Buffer.concat(this.pieces, this.length)
  }

  toString(encoding?: BufferEncoding): string {
    return this.join().toString(encoding)
  }
}
