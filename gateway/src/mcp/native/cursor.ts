import { randomBytes } from 'node:crypto'
import { BlobSealer } from '../../conversation/blob-sealer.ts'
import { invalidParams, RpcError } from '../call/rpc-error.ts'

/** What a place in a list is good for. */
export interface CursorScope {
  readonly principal: string
  readonly method: string
  /** Changes with the list: what stood at a place may stand elsewhere then. */
  readonly version: string
}

/** Pages of lists whose cursors clients can neither read nor make. */
export class Cursors {
  readonly #sealer: BlobSealer

  constructor(secret: string | Buffer) {
    this.#sealer = new BlobSealer(secret, randomBytes)
  }

  /** Errors: -32602 for a cursor that is not ours, another caller's, or from before a change. */
  page<Item>(
    items: readonly Item[],
    size: number,
    cursor: unknown,
    scope: CursorScope,
  ): { readonly items: readonly Item[]; readonly nextCursor?: string } {
    const start = this.open(cursor, scope) ?? 0
    if (typeof start !== 'number') throw unknownCursor()
    const end = start + size
    const page = items.slice(start, end)
    return end >= items.length ? { items: page } : { items: page, nextCursor: this.seal(end, scope) }
  }

  /** A cursor that stands for a place: a number in a list that is held, or what the holder of the list calls it. */
  seal(place: number | string, { principal, method, version }: CursorScope): string {
    const payload = JSON.stringify([method, version, place])
    return this.#sealer.seal({ form: 'mcp', family: 'cursor', account: principal, payload })
  }

  /** The place of a cursor, null without one. Errors: as `page`. */
  open(cursor: unknown, { principal, method, version }: CursorScope): number | string | null {
    if (cursor === undefined || cursor === null) return null
    const blob = typeof cursor === 'string' ? this.#sealer.open(cursor) : null
    if (blob === null || blob.family !== 'cursor' || blob.account !== principal) throw unknownCursor()
    const [ofMethod, ofVersion, place] = JSON.parse(blob.payload) as [string, string, number | string]
    if (ofMethod !== method || ofVersion !== version) throw unknownCursor()
    return place
  }
}

export function unknownCursor(): RpcError {
  return new RpcError(invalidParams, 'The cursor is not valid any more; begin the list anew.')
}
