/** How the pieces of a stream stand in its text: as server-sent events, or as the members of one JSON array. */
export interface PieceFraming {
  frame(json: string): string
  end(): string
}

/** `alt=sse`. */
export const eventFraming: PieceFraming = {
  frame: (json) => `data: ${json}\r\n\r\n`,
  end: () => '',
}

/** What a stream is without `alt=sse`. One instance per stream. */
export class ArrayFraming implements PieceFraming {
  #isBegun = false

  frame(json: string): string {
    const separator = this.#isBegun ? ',\r\n' : '['
    this.#isBegun = true
    return separator + json
  }

  end(): string {
    return this.#isBegun ? ']\r\n' : '[]\r\n'
  }
}
