import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Interaction, McpResult } from '../upstream/upstream-session.ts'
import { type Downstream, passOn } from './downstream.ts'

const parkedMs = 120_000
const maxParked = 100
const maxParkedOfOne = 5
/** Questions that come together are told together. */
const gatherMs = 15

interface Question {
  readonly method: string
  readonly params: Record<string, unknown>
  readonly resolve: (answer: McpResult) => void
  readonly reject: (error: Error) => void
}

/** What a running call needs next. */
export type CallEvent =
  | { readonly kind: 'done'; readonly result: McpResult }
  | { readonly kind: 'failed'; readonly error: unknown }
  | {
      readonly kind: 'asked'
      readonly requests: Readonly<Record<string, { readonly method: string; readonly params: object }>>
    }

/**
 * A call to a legacy server whose client is modern: the server asks in the middle of the call, the client is told in an
 * answer of its own and comes back with what it was asked for, in another request.
 */
export class RunningCall implements Interaction {
  readonly #abort = new AbortController()
  readonly #questions = new Map<string, Question>()
  readonly #shown = new Set<string>()
  #downstream: Downstream
  #wake: () => void = () => {}
  #end: CallEvent | null = null
  #count = 0

  constructor(downstream: Downstream) {
    this.#downstream = downstream
    this.#follow(downstream)
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  get principal(): string {
    return this.#downstream.principal
  }

  run(work: Promise<McpResult>): void {
    work
      .then(
        (result): CallEvent => ({ kind: 'done', result }),
        (error: unknown): CallEvent => ({ kind: 'failed', error }),
      )
      .then((event) => {
        this.#end = event
        this.#wake()
      })
  }

  /** Resolves with the end, or with what is asked and was not told yet. */
  async next(): Promise<CallEvent> {
    for (;;) {
      if (this.#end !== null) return this.#end
      if (this.#freshQuestions().length > 0) {
        await sleep(gatherMs)
        const fresh = this.#freshQuestions()
        for (const [key] of fresh) this.#shown.add(key)
        const requests = Object.fromEntries(
          fresh.map(([key, { method, params }]) => [key, { method, params }]),
        )
        return { kind: 'asked', requests }
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  #freshQuestions(): [string, Question][] {
    return [...this.#questions].filter(([key]) => !this.#shown.has(key))
  }

  /** The client is back, with answers. */
  resume(downstream: Downstream): void {
    this.#downstream = downstream
    this.#follow(downstream)
    for (const [key, question] of this.#questions) {
      const answer = downstream.inputResponses?.[key]
      if (answer === undefined) this.#shown.delete(key)
      else {
        this.#questions.delete(key)
        question.resolve(answer as McpResult)
      }
    }
  }

  cancel(reason: string): void {
    this.#abort.abort(new Error(reason))
    for (const { reject } of this.#questions.values()) reject(new Error(reason))
  }

  onRequest(method: string, params: Record<string, unknown>): Promise<McpResult> {
    return new Promise((resolve, reject) => {
      this.#count += 1
      this.#questions.set(`q${this.#count}`, { method, params, resolve, reject })
      this.#wake()
    })
  }

  onNotification(method: string, params: Record<string, unknown>): void {
    passOn(this.#downstream, method, params)
  }

  onProgress(params: Record<string, unknown>): void {
    const { progressToken } = this.#downstream
    if (progressToken !== null)
      this.#downstream.notify('notifications/progress', { ...params, progressToken })
  }

  /** A client that leaves ends the call, unless it left with a question to come back with. */
  #follow(downstream: Downstream): void {
    downstream.signal.addEventListener('abort', () => {
      // The signal fires with every exchange that is over, also behind its answer.
      if (this.#end !== null) return
      const isWaiting = this.#questions.size > 0 && this.#shown.size > 0
      if (this.#downstream === downstream && !isWaiting) this.cancel('the client has left')
    })
  }
}

/** Calls that wait for their clients to come back. Where too many wait, the oldest is given up. */
export class ParkedCalls {
  readonly #calls = new Map<string, { readonly call: RunningCall; readonly timer: NodeJS.Timeout }>()
  readonly #onChange: (count: number) => void

  /** `onChange` hears how many calls wait. */
  constructor(onChange: (count: number) => void) {
    this.#onChange = onChange
  }

  park(call: RunningCall): string {
    const own = [...this.#calls].filter(([, parked]) => parked.call.principal === call.principal)
    const [oldest] =
      own.length >= maxParkedOfOne ? own : this.#calls.size >= maxParked ? [...this.#calls] : []
    if (oldest !== undefined) this.take(oldest[0])?.cancel('too many calls wait for their clients')
    const id = randomUUID()
    const timer = setTimeout(() => this.take(id)?.cancel('the client did not come back'), parkedMs).unref()
    this.#calls.set(id, { call, timer })
    this.#onChange(this.#calls.size)
    return id
  }

  /** The call goes on; null when it does not wait any more. */
  take(id: string): RunningCall | null {
    const parked = this.#calls.get(id)
    if (parked === undefined) return null
    this.#calls.delete(id)
    this.#onChange(this.#calls.size)
    clearTimeout(parked.timer)
    return parked.call
  }

  close(): void {
    for (const id of [...this.#calls.keys()]) this.take(id)?.cancel('the gateway is shutting down')
  }
}
