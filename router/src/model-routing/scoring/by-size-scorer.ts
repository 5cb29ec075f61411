import { fillPriors } from './fill-priors.ts'
import type { ModelInfo, Scorer } from './scorer.ts'

/** Always the smallest, or always the largest: by parameters where all candidates tell them, else by price. */
export function createBySizeScorer(wanted: 'smallest' | 'largest'): Scorer {
  const sign = wanted === 'smallest' ? 1 : -1
  return {
    name: `llmrouter-${wanted}`,
    version: '1',
    needs: [],
    score(_features, context, models, out) {
      fillPriors(context, models, out)
      const measure = models.every(({ size }) => size !== null) ? sizeOf : priceOf
      let best = 0
      models.forEach((model, at) => {
        const current = models[best]
        if (current !== undefined && sign * (measure(model) - measure(current)) < 0) best = at
      })
      out.pool = [best]
      out.reasons.push(wanted)
    },
  }
}

function sizeOf({ size }: ModelInfo): number {
  return size ?? 0
}

function priceOf({ inputPrice, outputPrice }: ModelInfo): number {
  return (inputPrice ?? 0) + (outputPrice ?? 0)
}
