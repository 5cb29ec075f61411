import type { DialectId } from '../conversation/dialect.ts'
import type { CostAdjustment } from '../pricing/adjust-cost.ts'
import type { Wire } from '../providers/wire.ts'
import type { TokenGrant } from '../transport/authorization.ts'

/** Where calls below one prefix go. */
export interface PassThroughTarget {
  /** `/anthropic`, or the path of an endpoint. */
  readonly prefix: string
  /** Provider id, null for an endpoint of the operator's own. */
  readonly provider: string | null
  /** Scheme, host and port; null where the path says which (Vertex AI's locations). */
  readonly origin: string | null
  /** Begins with `/` or is empty; never ends with one. */
  readonly basePath: string
  /** `?…` that every call carries, or empty. */
  readonly search: string
  /** Flat name, value list of what replaces the client's credentials. */
  readonly headers: readonly string[]
  /** A token that is obtained when a call needs it, for accounts without a key. */
  readonly authorization: TokenGrant | null
  readonly forwardsHeaders: boolean
  readonly includesSubpaths: boolean
  readonly costPerRequest: number | null
  /** Discount and margin of the provider. */
  readonly adjustment: CostAdjustment | null
  /** Reads usage from answers; null where nobody knows their form. */
  readonly wire: Pick<Wire, 'decodeUsage'> | null
  readonly dialect: DialectId
}
