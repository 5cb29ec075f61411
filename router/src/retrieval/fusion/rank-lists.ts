import { type Findings, type ListName, listNames } from './candidate.ts'

const k = 60

/** The weights of reciprocal rank fusion, a list each. */
const weights: Readonly<Record<ListName, number>> = { lexical: 1, dense: 1, body: 0.5, literal: 1 }

/** A candidate's place in each list, from 1; undefined where it is in none of that name. */
export type ListRanks = { readonly [Name in ListName]?: number | undefined }

/** The places of one candidate. */
export function ranksOf({ ranks }: Findings, candidate: number): ListRanks {
  const at = candidate * listNames.length
  const rankIn = (list: number): number | undefined => ranks[at + list] || undefined
  return { lexical: rankIn(0), dense: rankIn(1), body: rankIn(2), literal: rankIn(3) }
}

/**
 * Reciprocal rank fusion (Cormack et al. 2009) with k = 60: a score for each candidate, as a share of what the first
 * place in every list that found anything would give.
 */
export function fuseRanks({ ids, ranks }: Findings): Float64Array {
  const used = listNames.map((_, index) => ids.some((_, one) => ranks[one * listNames.length + index] !== 0))
  const most = listNames.reduce((sum, name, index) => (used[index] ? sum + weights[name] / (k + 1) : sum), 0)
  return Float64Array.from(ids, (_, candidate) => {
    let sum = 0
    for (const [index, name] of listNames.entries()) {
      const rank = ranks[candidate * listNames.length + index] as number
      if (rank > 0) sum += weights[name] / (k + rank)
    }
    return most === 0 ? 0 : sum / most
  })
}
