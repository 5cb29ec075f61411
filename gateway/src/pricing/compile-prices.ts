import { parsePico } from './parse-pico.ts'
import { parsePriceField, searchFields, unitFields } from './price-fields.ts'
import type { ModelPrices, PicoUsd, PlainRates, PriceTier, RateStep, TokenRates, UnitName } from './prices.ts'

type Rates = Partial<Record<keyof TokenRates, PicoUsd>>
type Steps = Map<number, Partial<Record<PriceTier, Rates>>>

const tiers: readonly PriceTier[] = ['standard', 'batch', 'priority', 'flex']

/**
 * Compiles the price fields of one entry (LiteLLM's JSON format); null when it holds none.
 * Errors: throws an Error naming the field whose value is not a price.
 */
export function compilePrices(name: string, raw: Readonly<Record<string, unknown>>): ModelPrices | null {
  const steps: Steps = new Map()
  const units: Partial<Record<UnitName, PicoUsd>> = {}
  let found = false
  for (const [field, value] of Object.entries(raw)) {
    if (value === null || value === undefined) continue
    const unit = unitFields.get(field)
    const rate = unit === undefined ? parsePriceField(field) : null
    if (unit === undefined && rate === null) continue
    const price = requirePrice(field, value)
    found = true
    if (unit !== undefined) units[unit] = price
    if (rate === null) continue
    const step = steps.get(rate.aboveInputTokens) ?? {}
    steps.set(rate.aboveInputTokens, step)
    step[rate.tier] = { ...step[rate.tier], [rate.rate]: price }
  }
  const searchCall = compileSearch(raw['search_context_cost_per_query'])
  if (!found && Object.values(searchCall).every((price) => price === null)) return null
  const compiled = compileSteps(steps, isAnthropicFamily(name, raw))
  return { steps: compiled, units, searchCall, plain: findPlainRates(compiled, units) }
}

function requirePrice(field: string, value: unknown): PicoUsd {
  const price = parsePico(value)
  if (price === null) throw new Error(`\`${field}\` is not a price`)
  return price
}

function isAnthropicFamily(name: string, raw: Readonly<Record<string, unknown>>): boolean {
  return raw['litellm_provider'] === 'anthropic' || name.includes('claude')
}

function compileSearch(value: unknown): ModelPrices['searchCall'] {
  const prices: Record<'low' | 'medium' | 'high', PicoUsd | null> = { low: null, medium: null, high: null }
  if (typeof value !== 'object' || value === null) return prices
  for (const [field, price] of Object.entries(value)) {
    const size = searchFields.get(field)
    if (size !== undefined) prices[size] = requirePrice(field, price)
  }
  return prices
}

function compileSteps(steps: Steps, anthropic: boolean): ModelPrices['steps'] {
  const base = steps.get(0) ?? {}
  const compile = (aboveInputTokens: number): RateStep => {
    const own = steps.get(aboveInputTokens) ?? {}
    const rates = (tier: PriceTier): TokenRates =>
      fillDefaults({ ...base.standard, ...base[tier], ...own.standard, ...own[tier] }, anthropic)
    const [standard, batch, priority, flex] = tiers.map(rates) as [
      TokenRates,
      TokenRates,
      TokenRates,
      TokenRates,
    ]
    return { aboveInputTokens, rates: { standard, batch, priority, flex } }
  }
  const above = [...steps.keys()].filter((threshold) => threshold > 0).sort((left, right) => left - right)
  return [compile(0), ...above.map(compile)]
}

/** Prices that follow from others when the list does not give them. */
function fillDefaults(rates: Rates, anthropic: boolean): TokenRates {
  const input = rates.input ?? null
  const output = rates.output ?? null
  const written = anthropic && input !== null ? (input * 5n) / 4n : input
  return {
    input,
    output,
    cacheRead: rates.cacheRead ?? input,
    cacheWrite: rates.cacheWrite ?? written,
    cacheWriteOneHour: rates.cacheWriteOneHour ?? (input === null ? null : input * 2n),
    reasoning: rates.reasoning ?? output,
    audioInput: rates.audioInput ?? input,
    audioOutput: rates.audioOutput ?? output,
    imageInput: rates.imageInput ?? input,
    imageOutput: rates.imageOutput ?? output,
  }
}

function findPlainRates(steps: ModelPrices['steps'], units: ModelPrices['units']): PlainRates | null {
  const { input, output } = steps[0].rates.standard
  if (input === null || output === null || units.request !== undefined) return null
  if (input > maxPlainRate || output > maxPlainRate) return null
  const upToInputTokens = steps[1]?.aboveInputTokens ?? maxPlainTokens
  return {
    input: Number(input),
    output: Number(output),
    upToInputTokens: Math.min(upToInputTokens, maxPlainTokens),
  }
}

/** 4 × 10⁸ pico-USD (400 USD a million tokens) times 10⁷ tokens stays an exact integer below 2⁵³. */
const maxPlainRate = 400_000_000n
const maxPlainTokens = 10_000_000
