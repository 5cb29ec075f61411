import type { CostTerms } from '../pricing/compute-cost.ts'

const flex: Partial<CostTerms> = { serviceTier: 'flex' }
const priority: Partial<CostTerms> = { serviceTier: 'priority' }

/** What the `service_tier` of an answer changes in its bill; undefined for the standard tier and unknown ones. */
export function billTier(serviceTier: unknown): Partial<CostTerms> | undefined {
  if (serviceTier === 'flex') return flex
  return serviceTier === 'priority' ? priority : undefined
}
