/** A line on a terminal that says how far long work is; silent where nobody looks. */
export class Progress {
  readonly #stream: { write(text: string): unknown } | null
  #shown = false

  constructor(stream: { write(text: string): unknown; readonly isTTY?: boolean }) {
    this.#stream = stream.isTTY === true ? stream : null
  }

  report(what: string, done: number, total: number): void {
    this.#stream?.write(`\r\u001b[K${what} ${done}/${total}`)
    this.#shown = true
  }

  /** Takes the line away, so that what follows begins on a clean one. */
  end(): void {
    if (this.#shown) this.#stream?.write('\r\u001b[K')
    this.#shown = false
  }
}
