import type { SharedState } from '../storage/shared-state/shared-state.ts'

const rememberedMs = 600_000
const maxKeyLength = 255
/** Larger answers are given anew. */
const maxAnswerLength = 1_048_576

/** Gives a repeated request the answer of the first one, for ten minutes, on every replica. */
export class IdempotentAnswers {
  readonly #state: Pick<SharedState, 'get' | 'set'>
  readonly #running = new Map<string, Promise<object>>()

  constructor(state: Pick<SharedState, 'get' | 'set'>) {
    this.#state = state
  }

  /** `scope` holds apart what may share a key: the route and the workspace. Without a key `answer` simply runs. */
  async run(scope: string, key: string | null, answer: () => Promise<object>): Promise<object> {
    if (key === null || key === '' || key.length > maxKeyLength) return answer()
    const name = `idempotency:${scope}:${key}`
    const running = this.#running.get(name)
    if (running !== undefined) return running
    const first = this.#recall(name, answer).finally(() => this.#running.delete(name))
    this.#running.set(name, first)
    return first
  }

  async #recall(name: string, answer: () => Promise<object>): Promise<object> {
    const remembered = await this.#state.get(name)
    if (remembered !== null) return JSON.parse(remembered) as object
    const given = await answer()
    const text = JSON.stringify(given)
    if (text.length <= maxAnswerLength) await this.#state.set(name, text, rememberedMs)
    return given
  }
}
