import type { Tier } from './complexity.ts'
import { modelStrength } from './model-strength.ts'
import type { ModelInfo } from './scorer.ts'

/** Names of models by tier, as configured; a tier that is absent takes its share by strength. */
export type TierMapping = Readonly<Partial<Record<Tier, readonly string[]>>>

/**
 * The positions of the models meant for a tier: those mapped to it, else those of that configured tier, else its part of the
 * candidates in order of strength (simple the weakest third, medium the middle, complex and reasoning the strongest).
 */
export function tierPool(models: readonly ModelInfo[], tier: Tier, mapping: TierMapping): number[] {
  const positions = models.map((_, at) => at)
  const mapped = mapping[tier] ?? (tier === 'reasoning' ? mapping.complex : undefined)
  if (mapped !== undefined) {
    const found = positions.filter((at) => mapped.includes(models[at]?.name ?? ''))
    if (found.length > 0) return found
  }
  const configured = positions.filter((at) => models[at]?.tier === tier)
  if (configured.length > 0) return configured
  const strengths = models.map(modelStrength)
  positions.sort((left, right) => (strengths[left] ?? 0) - (strengths[right] ?? 0) || left - right)
  const third = Math.max(1, Math.round(models.length / 3))
  if (tier === 'simple') return positions.slice(0, third)
  if (tier === 'medium') return models.length < 3 ? positions.slice(-1) : positions.slice(third, -third)
  const strongest = positions.slice(-third)
  const reasoning = tier === 'reasoning' ? strongest.filter((at) => models[at]?.reasons === true) : []
  return reasoning.length > 0 ? reasoning : strongest
}
