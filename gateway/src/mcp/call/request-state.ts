import { createHash, randomBytes } from 'node:crypto'
import { BlobSealer } from '../../conversation/blob-sealer.ts'

const lifetimeMs = 600_000

/** What a client carries between the tries of one call. */
export type CarriedState =
  /** The state of a modern server; null when it gave none. */
  | { readonly kind: 'upstream'; readonly state: string | null }
  /** A call to a legacy server that waits here. */
  | { readonly kind: 'parked'; readonly id: string }
  /** The client was sent to an address; the call is made again. */
  | { readonly kind: 'again' }

/** What the state is good for. */
export interface StateScope {
  readonly principal: string
  readonly serverId: string
  readonly method: string
  readonly name: string
  readonly args: unknown
}

/** Seals state so that a client can neither read nor change it, nor use it for another call or as somebody else. */
export class RequestStates {
  readonly #sealer: BlobSealer
  readonly #now: () => number
  readonly #mark: (text: string) => string

  /** `mark` tells which process a call waits in; what stands before a `~` is no part of a state. */
  constructor(secret: string | Buffer, now: () => number, mark: (text: string) => string) {
    this.#sealer = new BlobSealer(secret, randomBytes)
    this.#now = now
    this.#mark = mark
  }

  seal(state: CarriedState, scope: StateScope): string {
    const payload = JSON.stringify({ state, scope: digest(scope), until: this.#now() + lifetimeMs })
    const sealed = this.#sealer.seal({ form: 'mcp', family: 'state', account: scope.principal, payload })
    return state.kind === 'parked' ? this.#mark(sealed) : sealed
  }

  /** Null for what is forged, foreign or too old. */
  open(text: string, scope: StateScope): CarriedState | null {
    const blob = this.#sealer.open(text.slice(text.indexOf('~') + 1))
    if (blob === null || blob.family !== 'state' || blob.account !== scope.principal) return null
    const {
      state,
      scope: sealed,
      until,
    } = JSON.parse(blob.payload) as {
      state: CarriedState
      scope: string
      until: number
    }
    return sealed === digest(scope) && until > this.#now() ? state : null
  }
}

function digest({ serverId, method, name, args }: StateScope): string {
  return createHash('sha256')
    .update(JSON.stringify([serverId, method, name, args ?? null]))
    .digest('hex')
}
