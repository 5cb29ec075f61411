import { Worker } from 'node:worker_threads'
import { packageFile } from '../package-file.ts'
import type { Vocabulary } from './select-tokenizer.ts'

const workerFile = packageFile('bin/tokenizer.js')
/** A vocabulary costs some 90 MB, so the thread ends when nobody has asked for a while. */
const idleMs = 120_000

interface Waiting {
  readonly resolve: (tokens: number | null) => void
  readonly timer: NodeJS.Timeout
}

type Answer = { readonly id: number; readonly tokens: number }

/**
 * Counts tokens with OpenAI's vocabularies in a thread of its own, so that neither loading them nor a long prompt
 * stops the event loop. The thread starts with the first question and ends after two idle minutes, or when an
 * answer takes too long.
 */
export class VocabularyWorker {
  readonly #timeoutMs: number
  readonly #waiting = new Map<number, Waiting>()
  #worker: Worker | null = null
  #idle: NodeJS.Timeout | null = null
  #nextId = 0

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs
  }

  /** The sum over all texts; null when the thread fails or takes too long. Never rejects. */
  count(vocabulary: Vocabulary, texts: readonly string[]): Promise<number | null> {
    if (this.#idle !== null) clearTimeout(this.#idle)
    this.#idle = null
    const worker = this.#worker ?? this.#start()
    const id = this.#nextId++
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.close(), this.#timeoutMs)
      this.#waiting.set(id, { resolve, timer })
      worker.postMessage({ id, vocabulary, texts })
    })
  }

  /** Ends the thread; whoever waits gets null. The next question starts a new one. */
  close(): void {
    void this.#worker?.terminate()
    this.#forget()
  }

  #start(): Worker {
    const worker = new Worker(workerFile, { execArgv: [] })
    const forget = (): void => {
      if (this.#worker === worker) this.#forget()
    }
    worker.unref()
    worker.on('message', this.#onAnswer)
    worker.on('error', forget)
    worker.on('exit', forget)
    this.#worker = worker
    return worker
  }

  readonly #onAnswer = ({ id, tokens }: Answer): void => {
    this.#settle(id, tokens)
    if (this.#waiting.size === 0) this.#idle ??= setTimeout(() => this.close(), idleMs).unref()
  }

  #settle(id: number, tokens: number | null): void {
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return
    this.#waiting.delete(id)
    clearTimeout(waiting.timer)
    waiting.resolve(tokens)
  }

  #forget(): void {
    this.#worker = null
    if (this.#idle !== null) clearTimeout(this.#idle)
    this.#idle = null
    for (const id of [...this.#waiting.keys()]) this.#settle(id, null)
  }
}
