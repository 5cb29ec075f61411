import { GatewayError } from '@routeiq/contract'
import { estimateTokens } from '@routeiq/router'
import type { CodeOutcome } from './code-sandbox.ts'
import { type CodeCall, readCodeCall, renderOutcome } from './code-tool.ts'

/** Programs one request may run, and how long all of them together, milliseconds. */
export const mostRuns = 10
const totalMs = 120_000

/** Runs one program of a request. */
export type RunCode = (
  call: CodeCall & { readonly timeoutMs: number; readonly signal: AbortSignal },
) => Promise<CodeOutcome>

/** The programs a model runs in one request, within what it may. */
export class CodeRuns {
  readonly #run: RunCode
  readonly #now: () => number
  readonly #stopping = new AbortController()
  #runs = 0
  #usedMs = 0
  #tokens = 0

  constructor(run: RunCode, now: () => number) {
    this.#run = run
    this.#now = now
  }

  /** Estimated tokens of all the model was told. */
  get tokens(): number {
    return this.#tokens
  }

  /** What the model is told of a call with these arguments. Never rejects. */
  async run(argumentsText: string): Promise<string> {
    const text = await this.#answer(argumentsText)
    this.#tokens += estimateTokens(text.length)
    return text
  }

  /** Nobody waits for the answer any more. */
  stop(): void {
    this.#stopping.abort()
  }

  async #answer(argumentsText: string): Promise<string> {
    const call = readCodeCall(argumentsText)
    if (typeof call === 'string') return call
    const timeoutMs = totalMs - this.#usedMs
    if (this.#runs >= mostRuns || timeoutMs <= 0)
      return 'Nothing was run: this turn has no room for more programs. Finish with what you have.'
    this.#runs += 1
    const startedAt = this.#now()
    try {
      return renderOutcome(await this.#run({ ...call, timeoutMs, signal: this.#stopping.signal }))
    } catch (error) {
      const reason = error instanceof GatewayError ? error.message : 'the program could not be started.'
      return `Nothing was run: ${reason} Go on without it.`
    } finally {
      this.#usedMs += this.#now() - startedAt
    }
  }
}
