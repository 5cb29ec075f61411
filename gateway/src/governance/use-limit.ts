import type { GatewayError } from '@routeiq/contract'
import type { EstimatedUse } from './estimate-use.ts'

/** What a limit on use counts. Cost is nano-USD. */
export type UseMetric = 'requests' | 'tokens' | 'input_tokens' | 'output_tokens' | 'cost'

/** Whose use is counted, and where: one counter of one window. */
export interface UseAccount {
  /** What counts, and in which window. */
  readonly subject: string
  /** Whose use, where one rule counts several apart; empty otherwise. */
  readonly group: string
  /** Epoch milliseconds; null for a counter without end. */
  readonly endsAt: number | null
}

/** One limit that a call is held to, by the rule that found it concerned. */
export interface UseLimit {
  readonly account: UseAccount
  readonly metric: UseMetric
  /** Whole units; null only counts. */
  readonly limit: number | null
  /** Counters of short windows are not worth keeping beyond the process. */
  readonly isKept: boolean
  /** Corrects the estimate when the call is over. */
  readonly reconciles: boolean
  /** Nano-USD for a thousand tokens of models without a price. */
  readonly priceOfThousand: number
  /** Refuses when nobody can say what was used. */
  readonly failsClosed: boolean
  /** `used` is what is counted and held by calls under way. */
  refuse(used: number, now: number): GatewayError
  unavailable(cause: unknown): GatewayError
  /** The call was admitted, and this much is now counted and held. */
  onAdmitted(used: number): void
}

/** What a call uses of a limit; a cost of null is not known. */
export function amountOf(
  metric: UseMetric,
  { inputTokens, outputTokens, cost }: Pick<EstimatedUse, 'inputTokens' | 'outputTokens' | 'cost'>,
  priceOfThousand: number,
): number {
  switch (metric) {
    case 'requests':
      return 1
    case 'tokens':
      return inputTokens + outputTokens
    case 'input_tokens':
      return inputTokens
    case 'output_tokens':
      return outputTokens
    case 'cost':
      return cost ?? Math.ceil(((inputTokens + outputTokens) * priceOfThousand) / 1_000)
  }
}
