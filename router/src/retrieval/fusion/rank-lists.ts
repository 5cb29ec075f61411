const k = 60

/** The weights of reciprocal rank fusion, a list each. */
const weights = { lexical: 1, dense: 1, body: 0.5, literal: 1 } as const

/** A candidate's place in each list that holds it, from 1. */
export interface ListRanks {
  lexical?: number
  dense?: number
  body?: number
  literal?: number
}

export type ListName = keyof ListRanks

/**
 * Reciprocal rank fusion (Cormack et al. 2009) with k = 60, as a share of what the first place in every list
 * of `used` would give.
 */
export function fuseRanks(ranks: ListRanks, used: readonly ListName[]): number {
  let sum = 0
  let most = 0
  for (const list of used) {
    const rank = ranks[list]
    if (rank !== undefined) sum += weights[list] / (k + rank)
    most += weights[list] / (k + 1)
  }
  return most === 0 ? 0 : sum / most
}
