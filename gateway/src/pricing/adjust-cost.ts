import { parsePico } from './parse-pico.ts'
import type { PicoUsd } from './prices.ts'

/** Discount and margin of one provider. Factors are parts of 10¹², so that they stay exact. */
export interface CostAdjustment {
  readonly discountFactor: bigint
  readonly marginFactor: bigint
  /** Added to every request. */
  readonly fixedMargin: PicoUsd
}

/** The parts of a bill, in pico-USD; `total = gross − discount + margin`. */
export interface AdjustedCost {
  readonly gross: PicoUsd
  readonly discount: PicoUsd
  readonly margin: PicoUsd
  readonly total: PicoUsd
}

const one = 10n ** 12n

/**
 * Reads one provider's values of `cost_discount_config` (0.05 is five per cent) and `cost_margin_config` (a factor,
 * or `{percentage, fixed_amount}`). Errors: throws an Error when a value is not a usable number.
 */
export function readAdjustment(discount: unknown, margin: unknown): CostAdjustment {
  const parts =
    typeof margin === 'object' && margin !== null
      ? { percentage: 0, fixed_amount: 0, ...margin }
      : { percentage: margin ?? 0, fixed_amount: 0 }
  const discountFactor = parsePico(discount ?? 0)
  const marginFactor = parsePico(parts.percentage)
  const fixedMargin = parsePico(parts.fixed_amount)
  if (discountFactor === null || discountFactor > one) throw new Error('a discount is a number from 0 to 1')
  if (marginFactor === null || fixedMargin === null)
    throw new Error('a margin is a number that is not negative')
  return { discountFactor, marginFactor, fixedMargin }
}

/** Applies the discount to the list price, then the margin to the discounted one. */
export function adjustCost(gross: PicoUsd, adjustment: CostAdjustment): AdjustedCost {
  const discount = scale(gross, adjustment.discountFactor)
  const net = gross - discount
  const margin = scale(net, adjustment.marginFactor) + adjustment.fixedMargin
  return { gross, discount, margin, total: net + margin }
}

function scale(amount: PicoUsd, factor: bigint): PicoUsd {
  return (amount * factor + one / 2n) / one
}
