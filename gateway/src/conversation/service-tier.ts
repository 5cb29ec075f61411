import type { Usage } from './usage.ts'

/** Tiers with prices of their own. */
export type ServiceTier = 'batch' | 'flex' | 'priority'

const tiers: ReadonlySet<unknown> = new Set<ServiceTier>(['batch', 'flex', 'priority'])

/** Usage at the tier an answer names, in whatever case; the standard tier and unknown ones change nothing. */
export function withServiceTier(usage: Usage, named: unknown): Usage {
  const serviceTier = typeof named === 'string' ? named.toLowerCase() : null
  return isServiceTier(serviceTier) ? { ...usage, serviceTier } : usage
}

function isServiceTier(name: unknown): name is ServiceTier {
  return tiers.has(name)
}
