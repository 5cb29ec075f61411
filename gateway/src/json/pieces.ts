/** From here on joining costs more than sending the pieces. */
const joinedBytes = 16_384

/** Octets in pieces that follow each other: a large body of which a few octets were replaced is not copied for that. */
export class Pieces {
  readonly pieces: readonly Buffer[]
  readonly length: number

  constructor(pieces: readonly Buffer[]) {
    this.pieces = pieces
    this.length = pieces.reduce((length, piece) => length + piece.length, 0)
  }

  join(): Buffer {
    return Buffer.concat(this.pieces, this.length)
  }

  toString(encoding?: BufferEncoding): string {
    return this.join().toString(encoding)
  }
}

/** One buffer where that is cheap, else the pieces themselves. */
export function compose(pieces: readonly Buffer[]): Buffer | Pieces {
  const composed = new Pieces(pieces)
  return composed.length < joinedBytes ? composed.join() : composed
}
