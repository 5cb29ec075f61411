import type { ModelInfo } from './scorer.ts'

const unknownStrength = 0.6

/** Prior strength by configured tier, where no price says more. */
const byTier: Readonly<Record<string, number>> = { simple: 0.5, medium: 0.65, complex: 0.8, reasoning: 0.88 }

/**
 * How good a model probably is, 0 to 1, before anything was measured: what the operator says, else its tier, else its
 * price. Prices follow quality loosely: a factor of ten is worth about 15 points on public benchmarks of 2024.
 */
export function modelStrength(model: ModelInfo): number {
  if (model.qualityScore !== null) return Math.max(0, Math.min(1, model.qualityScore))
  const tier = model.tier === null ? undefined : byTier[model.tier]
  if (tier !== undefined) return tier
  if (model.outputPrice === null || model.outputPrice <= 0)
    return model.size === null ? unknownStrength : strengthOfSize(model.size)
  const perMillion = model.outputPrice * 1e6
  return clamp(0.65 + 0.15 * Math.log10(perMillion / 2))
}

/** Billions of parameters of open models: 7 → .55, 70 → .7. */
function strengthOfSize(size: number): number {
  return clamp(0.55 + 0.15 * Math.log10(Math.max(0.1, size) / 7))
}

function clamp(value: number): number {
  return Math.max(0.3, Math.min(0.92, value))
}
