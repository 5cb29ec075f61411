import type { Usage } from '../conversation/usage.ts'
import type { ModelPrices, PicoUsd, RateStep, SearchContextSize, TokenRates, UnitName } from './prices.ts'

/** What else the bill of one answer depends on. */
export interface CostTerms {
  readonly searchContextSize: SearchContextSize
  /** Image tokens within the usage's input and output tokens. */
  readonly imageInputTokens: number
  readonly imageOutputTokens: number
  /** Amounts billed by another unit (images, seconds, …); one request is always counted. */
  readonly units: Readonly<Partial<Record<UnitName, number>>>
}

/** The terms of an ordinary chat or embedding answer. */
export const plainTerms: CostTerms = {
  searchContextSize: 'medium',
  imageInputTokens: 0,
  imageOutputTokens: 0,
  units: {},
}

/**
 * What an answer costs at list price, in pico-USD; null when a price that is needed is unknown. The whole request
 * is billed at the step its prompt length, cached tokens included, falls into, and at the tier the answer reports,
 * not the one that was asked for.
 */
export function computeCost(
  prices: ModelPrices,
  usage: Usage,
  terms: CostTerms = plainTerms,
): PicoUsd | null {
  const { plain } = prices
  if (
    plain !== null &&
    terms === plainTerms &&
    isPlain(usage) &&
    usage.inputTokens <= plain.upToInputTokens
  ) {
    const cost = usage.inputTokens * plain.input + usage.outputTokens * plain.output
    if (Number.isSafeInteger(cost)) return BigInt(cost)
  }
  if (isUnitUnpriced(prices, usage, terms)) return null
  const rates = selectStep(prices, usage.inputTokens).rates[usage.serviceTier ?? 'standard']
  const parts = [...inputParts(rates, usage, terms), ...outputParts(rates, usage, terms)]
  parts.push([usage.searchCalls, prices.searchCall[terms.searchContextSize] ?? prices.searchCall.medium])
  return addParts(parts, addUnits(prices, terms))
}

/** The standard rates of a prompt of this length, cached tokens included. */
export function selectRates(prices: ModelPrices, inputTokens: number): TokenRates {
  return selectStep(prices, inputTokens).rates.standard
}

/** Rounds once, half a nano-dollar up. */
export function toNanoUsd(pico: PicoUsd): bigint {
  return (pico + 500n) / 1000n
}

/** An answer without tokens whose amounts have no price costs nobody knows what, unless its tokens would be free. */
function isUnitUnpriced({ units, steps }: ModelPrices, usage: Usage, terms: CostTerms): boolean {
  if (usage.inputTokens + usage.outputTokens > 0 || units.request !== undefined) return false
  const amounts = Object.entries(terms.units) as [UnitName, number][]
  if (amounts.length === 0 || steps[0].rates.standard.input === 0n) return false
  return amounts.every(([unit, amount]) => amount > 0 && unitPrice(units, unit) === undefined)
}

type Part = readonly [quantity: number, price: PicoUsd | null]

function isPlain(usage: Usage): boolean {
  const special = usage.cacheReadTokens + usage.cacheWriteTokens + usage.reasoningTokens + usage.searchCalls
  return special + usage.audioInputTokens + usage.audioOutputTokens === 0 && usage.serviceTier === undefined
}

function selectStep(prices: ModelPrices, inputTokens: number): RateStep {
  let selected: RateStep = prices.steps[0]
  for (const step of prices.steps) if (inputTokens > step.aboveInputTokens) selected = step
  return selected
}

function inputParts(rates: TokenRates, usage: Usage, terms: CostTerms): Part[] {
  const oneHour = Math.min(usage.cacheWriteOneHourTokens, usage.cacheWriteTokens)
  const separate =
    usage.cacheReadTokens + usage.cacheWriteTokens + usage.audioInputTokens + terms.imageInputTokens
  return [
    [Math.max(0, usage.inputTokens - separate), rates.input],
    [usage.cacheReadTokens, rates.cacheRead],
    [usage.cacheWriteTokens - oneHour, rates.cacheWrite],
    [oneHour, rates.cacheWriteOneHour],
    [usage.audioInputTokens, rates.audioInput],
    [terms.imageInputTokens, rates.imageInput],
  ]
}

function outputParts(rates: TokenRates, usage: Usage, terms: CostTerms): Part[] {
  const separate = usage.reasoningTokens + usage.audioOutputTokens + terms.imageOutputTokens
  return [
    [Math.max(0, usage.outputTokens - separate), rates.output],
    [usage.reasoningTokens, rates.reasoning],
    [usage.audioOutputTokens, rates.audioOutput],
    [terms.imageOutputTokens, rates.imageOutput],
  ]
}

function addUnits(prices: ModelPrices, terms: CostTerms): PicoUsd {
  let sum = prices.units.request ?? 0n
  for (const [unit, amount] of Object.entries(terms.units) as [UnitName, number][]) {
    const price = unitPrice(prices.units, unit)
    if (price !== undefined) sum += multiply(amount, price)
  }
  return sum
}

/** Lists give the price of a generated image as that of an input, beside an output that costs nothing. */
function unitPrice(units: ModelPrices['units'], unit: UnitName): PicoUsd | undefined {
  if (unit === 'outputImage') return units.outputImage || units.inputImage || units.outputImage
  if (unit === 'outputPixel') return units.outputPixel || units.inputPixel || units.outputPixel
  return units[unit]
}

function addParts(parts: readonly Part[], start: PicoUsd): PicoUsd | null {
  let sum = start
  for (const [quantity, price] of parts) {
    if (quantity <= 0) continue
    if (price === null) return null
    sum += multiply(quantity, price)
  }
  return sum
}

/** Seconds may be fractional; six decimals of a quantity are kept. */
function multiply(quantity: number, price: PicoUsd): PicoUsd {
  if (Number.isInteger(quantity)) return BigInt(quantity) * price
  return (BigInt(Math.round(quantity * 1e6)) * price + 500_000n) / 1_000_000n
}
