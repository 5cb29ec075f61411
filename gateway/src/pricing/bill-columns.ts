import type { AdjustedCost } from './adjust-cost.ts'
import { toNanoUsd } from './compute-cost.ts'
import type { PicoUsd } from './prices.ts'

/** What an answer costs, in 10⁻⁹ USD, each amount rounded by itself; all null when the price is unknown. */
export interface BillColumns {
  /** What the caller is billed: `gross − discount + margin`. */
  readonly costNanoUsd: bigint | null
  /** At list price. */
  readonly grossNanoUsd: bigint | null
  readonly discountNanoUsd: bigint | null
  readonly marginNanoUsd: bigint | null
}

const unknown: BillColumns = {
  costNanoUsd: null,
  grossNanoUsd: null,
  discountNanoUsd: null,
  marginNanoUsd: null,
}

/** The bill as the ledger has it. `parts` is null where the operator adjusts nothing, and the list price is the bill. */
export function billColumns(total: PicoUsd | null, parts: AdjustedCost | null): BillColumns {
  if (total === null) return unknown
  const costNanoUsd = toNanoUsd(total)
  if (parts === null)
    return { costNanoUsd, grossNanoUsd: costNanoUsd, discountNanoUsd: 0n, marginNanoUsd: 0n }
  return {
    costNanoUsd,
    grossNanoUsd: toNanoUsd(parts.gross),
    discountNanoUsd: toNanoUsd(parts.discount),
    marginNanoUsd: toNanoUsd(parts.margin),
  }
}
