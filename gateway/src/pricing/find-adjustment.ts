import type { CostAdjustmentConfig } from '../config/config.ts'
import { type CostAdjustment, readAdjustment } from './adjust-cost.ts'

/** The margin of every provider that has none of its own. */
const everyProvider = 'global'

/** The discount and margin of one provider, null when it has neither. Errors: throws an Error for unusable numbers. */
export function findAdjustment(
  { discounts, margins }: CostAdjustmentConfig,
  provider: string,
): CostAdjustment | null {
  const discount = discounts[provider]
  const margin = margins[provider] ?? margins[everyProvider]
  if (discount === undefined && margin === undefined) return null
  try {
    return readAdjustment(discount, margin)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`cost_discount_config and cost_margin_config of \`${provider}\`: ${reason}`)
  }
}
