import { GatewayError } from '@routeiq/contract'

/** Hears of every slot taken or given back and of every refusal. */
export interface GateObserver {
  readonly onChange: (active: number) => void
  readonly onRefusal: (reason: 'draining' | 'over_capacity') => void
}

/**
 * Counts requests in progress and refuses new ones over the limit or while draining. Probes pass always. A slot
 * is held until the response body has ended or the client has left.
 */
export class AdmissionGate {
  readonly #limit: number
  readonly #excluded: ReadonlySet<string>
  readonly #observer: GateObserver
  #active = 0
  #draining = false
  #onIdle: (() => void) | null = null

  /** `limit` 0 means no limit. `excluded` are exact paths that are never refused. */
  constructor(limit: number, excluded: readonly string[], observer: GateObserver) {
    this.#limit = limit
    this.#observer = observer
    this.#excluded = new Set(excluded)
  }

  get active(): number {
    return this.#active
  }

  get draining(): boolean {
    return this.#draining
  }

  isExcluded(path: string): boolean {
    return this.#excluded.has(path)
  }

  /** Takes a slot, or throws `draining` / `over_capacity`. */
  enter(): void {
    if (this.#draining)
      throw this.#refuse('draining', 'The gateway is shutting down; send the request to another replica.')
    if (this.#limit > 0 && this.#active >= this.#limit) {
      throw this.#refuse('over_capacity', `${this.#limit} requests are already in progress.`)
    }
    this.#active += 1
    this.#observer.onChange(this.#active)
  }

  readonly leave = (): void => {
    this.#active -= 1
    this.#observer.onChange(this.#active)
    if (this.#active === 0) this.#onIdle?.()
  }

  /** From now on refuses everything not excluded; resolves true when idle, false when `timeoutMs` has passed. */
  drain(timeoutMs: number): Promise<boolean> {
    this.#draining = true
    if (this.#active === 0) return Promise.resolve(true)
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), timeoutMs)
      this.#onIdle = () => {
        clearTimeout(timer)
        resolve(true)
      }
    })
  }

  #refuse(code: 'draining' | 'over_capacity', message: string): GatewayError {
    this.#observer.onRefusal(code)
    return new GatewayError(code, message, { retryAfterSeconds: 1 })
  }
}
