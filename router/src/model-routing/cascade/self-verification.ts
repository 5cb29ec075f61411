/** How asks turn out whose answers a small model judged alike; the three sum to 1. */
export interface Belief {
  /** Only the large model is right. */
  readonly needsLarge: number
  /** The small model is right. */
  readonly fine: number
  /** Neither is. */
  readonly hopeless: number
}

/** What a share of "yes" means for an answer: a line to be reached, or what training saw of each equal part of the shares from 0 to 1. */
export type VerificationTable = { readonly threshold: number } | { readonly beliefs: readonly Belief[] }

/**
 * Whether the small model's answer is kept. By beliefs (the POMDP of AutoMix, Aggarwal et al., 2023) the large one is asked where it
 * is likelier to be the only one that is right than its call is worth: `price`, in quality.
 */
export function keepsOwnAnswer(table: VerificationTable, share: number, price: number): boolean {
  if ('threshold' in table) return share >= table.threshold
  return (table.beliefs[binOf(share, table.beliefs.length)]?.needsLarge ?? 1) <= price
}

/** The position of the part a share lies in. */
export function binOf(share: number, bins: number): number {
  return Math.min(bins - 1, Math.floor(share * bins))
}
