import type { ServiceTier } from '../conversation/service-tier.ts'

/**
 * Money is pico-USD (10⁻¹² USD) in `bigint`: exact sums of prices as small as a fraction of a nano-dollar.
 * Ledger rows round once, to nano-USD.
 */
export type PicoUsd = bigint

export const picoPerUsd = 1e12

export type PriceTier = ServiceTier | 'standard'

/**
 * Pico-USD per token. Null means the price is unknown, which is not the same as free. Defaults that follow from
 * another price (cached input costs what input costs, reasoning what output costs) are already filled in.
 */
export interface TokenRates {
  readonly input: PicoUsd | null
  readonly output: PicoUsd | null
  readonly cacheRead: PicoUsd | null
  readonly cacheWrite: PicoUsd | null
  readonly cacheWriteOneHour: PicoUsd | null
  readonly reasoning: PicoUsd | null
  readonly audioInput: PicoUsd | null
  readonly audioOutput: PicoUsd | null
  readonly imageInput: PicoUsd | null
  readonly imageOutput: PicoUsd | null
}

/** The rates of requests whose prompt, cached tokens included, is longer than `aboveInputTokens`. */
export interface RateStep {
  readonly aboveInputTokens: number
  readonly rates: Readonly<Record<PriceTier, TokenRates>>
}

/** What is billed by something other than tokens. */
export type UnitName =
  | 'inputImage'
  | 'outputImage'
  | 'inputPixel'
  | 'outputPixel'
  | 'inputSecond'
  | 'outputSecond'
  | 'inputCharacter'
  | 'outputCharacter'
  | 'query'
  | 'request'

export type SearchContextSize = 'low' | 'medium' | 'high'

/** Everything the cost formula reads about one model, compiled once so that a request only multiplies. */
export interface ModelPrices {
  /** Ascending by threshold; the first step has the threshold 0. */
  readonly steps: readonly [RateStep, ...RateStep[]]
  /** Pico-USD per unit. */
  readonly units: Readonly<Partial<Record<UnitName, PicoUsd>>>
  /** Pico-USD per web-search call. */
  readonly searchCall: Readonly<Record<SearchContextSize, PicoUsd | null>>
  /** Base rates as exact integers in a `number`, for the common request that uses no other term; else null. */
  readonly plain: PlainRates | null
}

export interface PlainRates {
  /** Pico-USD per token. */
  readonly input: number
  readonly output: number
  /** Prompts longer than this leave the first step. */
  readonly upToInputTokens: number
}

/** Context limits in tokens and known abilities of a model; null or absent means unknown. */
export interface ModelFacts {
  readonly provider: string | null
  readonly mode: string | null
  readonly maxInputTokens: number | null
  readonly maxOutputTokens: number | null
  /** `supports_vision` → true or false, as listed. */
  readonly supports: Readonly<Record<string, boolean>>
  /** `YYYY-MM-DD`. */
  readonly deprecationDate: string | null
}

/** One valid entry of a price map. */
export interface PriceEntry {
  readonly name: string
  /** Null when the entry lists facts but no price. */
  readonly prices: ModelPrices | null
  readonly facts: ModelFacts
  /** Every field as written, unknown ones included. */
  readonly raw: Readonly<Record<string, unknown>>
}
