import type { Redactor } from './redact.ts'

/** Where log text goes. `write` must not block and reports once; `writeNow` may block and is for the last words. */
export interface LogSink {
  write(bytes: Buffer, done: (error: Error | null) => void): void
  writeNow(bytes: Buffer): void
}

export interface LogWriterOptions {
  readonly sink: LogSink
  readonly redactor: Redactor
  /** Bytes that may wait while the sink is busy; lines beyond are dropped and counted. */
  readonly capacity?: number
  /** Runs a function a moment later. */
  readonly defer?: (run: () => void) => unknown
}

const pieceBytes = 64 * 1024
/** Nobody reads a log sooner, and a write to it costs as much as twenty lines. */
const gatherMs = 10
const defaultCapacity = 4 * 1024 * 1024
const newline = 10

/**
 * Gathers lines and hands them to the sink in one piece every 10 ms, or per 64 KiB, one piece at a time. Lines are encoded as they come: strings joined from many parts are dear to keep.
 */
export class LogWriter {
  readonly #sink: LogSink
  readonly redactor: Redactor
  readonly #capacity: number
  readonly #defer: (run: () => void) => unknown
  readonly #drain = (): void => this.#send()
  /** Full pieces, oldest first. The first one is with the sink while `#busy`. */
  readonly #pieces: Buffer[] = []
  #open = Buffer.allocUnsafe(pieceBytes)
  #openLength = 0
  #waitingBytes = 0
  #busy = false
  #scheduled = false
  #dropped = 0
  #reportedDropped = 0
  #idleWaiters: (() => void)[] = []

  constructor(options: LogWriterOptions) {
    this.#sink = options.sink
    this.redactor = options.redactor
    this.#capacity = options.capacity ?? defaultCapacity
    this.#defer = options.defer ?? ((run) => setTimeout(run, gatherMs))
  }

  /** Lines lost because the sink did not keep up or failed to write. */
  get droppedLines(): number {
    return this.#dropped
  }

  /** Takes one line without its line end and redacts it. Never throws. */
  writeLine(line: string): void {
    if (this.#admit(line.length)) this.#append(this.redactor.redactText(line))
  }

  /** For the lines of finished requests, whose every text member has passed the redactor already. */
  writeRedacted(line: string): void {
    if (this.#admit(line.length)) this.#append(line)
  }

  /** Resolves when everything taken so far has reached the sink. */
  flush(): Promise<void> {
    this.#send()
    if (!this.#busy) return Promise.resolve()
    return new Promise((resolve) => this.#idleWaiters.push(resolve))
  }

  /** Writes what is waiting before returning, for the exit of the process. A piece under way is left to the sink. */
  flushNow(): void {
    this.#closePiece()
    for (const piece of this.#pieces.splice(this.#busy ? 1 : 0)) this.#sink.writeNow(piece)
  }

  #admit(length: number): boolean {
    if (this.#waitingBytes + this.#openLength + length < this.#capacity) return true
    this.#dropped += 1
    return false
  }

  #append(line: string): void {
    const worstLength = line.length * 3 + 1
    if (worstLength > pieceBytes - this.#openLength) this.#closePiece()
    if (worstLength > pieceBytes) {
      this.#push(Buffer.from(`${line}\n`, 'utf8'))
    } else {
      this.#openLength += this.#open.write(line, this.#openLength, 'utf8')
      this.#open[this.#openLength++] = newline
    }
    if (!this.#busy) this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#defer(this.#drain)
  }

  #closePiece(): void {
    if (this.#openLength === 0) return
    this.#push(this.#open.subarray(0, this.#openLength))
    this.#open = Buffer.allocUnsafe(pieceBytes)
    this.#openLength = 0
  }

  #push(piece: Buffer): void {
    this.#waitingBytes += piece.length
    this.#pieces.push(piece)
  }

  #send(): void {
    this.#scheduled = false
    if (this.#busy) return
    if (this.#pieces.length === 0) this.#closePiece()
    const piece = this.#pieces[0]
    if (piece === undefined) return
    this.#busy = true
    this.#sink.write(piece, (error) => this.#settle(piece, error))
  }

  #settle(piece: Buffer, error: Error | null): void {
    this.#busy = false
    this.#pieces.shift()
    this.#waitingBytes -= piece.length
    if (error !== null) this.#dropped += countLines(piece)
    else this.#reportLosses()
    const isAwaited = this.#idleWaiters.length > 0
    if (this.#pieces.length > 0 || (this.#openLength > 0 && isAwaited)) {
      this.#send()
      return
    }
    if (this.#openLength > 0) this.#schedule()
    const waiters = this.#idleWaiters
    this.#idleWaiters = []
    for (const resume of waiters) resume()
  }

  #reportLosses(): void {
    const lost = this.#dropped - this.#reportedDropped
    if (lost === 0) return
    this.#reportedDropped = this.#dropped
    this.#append(`{"event":"log_lines_lost","level":"warn","lost":${lost}}`)
  }
}

function countLines(piece: Buffer): number {
  let lines = 0
  for (let at = piece.indexOf(newline); at !== -1; at = piece.indexOf(newline, at + 1)) lines += 1
  return lines
}
