import type { ModelConfig } from '../config/config.ts'
import { parsePico } from './parse-pico.ts'
import { readEntry } from './parse-price-map.ts'
import { parsePriceField, unitFields } from './price-fields.ts'
import type { PriceTable } from './price-table.ts'
import type { PriceEntry } from './prices.ts'

/**
 * Finds what is known about a deployment's model: by deployment id, `base_model`, `provider/model`, `model`, then the
 * model without its region, publisher and version parts. Prices written in the configuration beat the table's.
 * Null when nothing is known.
 */
export function findPriceEntry(
  table: PriceTable,
  config: ModelConfig,
  upstreamModel: string,
): PriceEntry | null {
  const listed = findListed(table, config, upstreamModel)
  const configured = readConfigured(config)
  if (configured === null) return listed
  const kept: Record<string, unknown> = { litellm_provider: config.provider }
  for (const [field, value] of Object.entries(listed?.raw ?? {})) {
    if (!isVariantOf(field, configured)) kept[field] = value
  }
  return readEntry(listed?.name ?? upstreamModel, { ...kept, ...configured })
}

function findListed(table: PriceTable, config: ModelConfig, upstreamModel: string): PriceEntry | null {
  const { provider } = config
  const byConfig = table.get(config.info.id) ?? findBaseModel(table, config.info.baseModel)
  if (byConfig !== null) return byConfig
  for (const name of [upstreamModel, stripPlace(upstreamModel), stripModelName(upstreamModel)]) {
    const entry = table.get(`${provider}/${name}`) ?? table.get(name)
    if (entry !== null) return entry
  }
  return null
}

/** `base_model` is written with a provider or without. */
function findBaseModel(table: PriceTable, baseModel: string | null): PriceEntry | null {
  if (baseModel === null) return null
  return table.get(baseModel) ?? table.get(baseModel.slice(baseModel.indexOf('/') + 1))
}

/**
 * `eu.anthropic.claude-x-v1:0` → `anthropic.claude-x`, `publishers/google/models/gemini-x` → `gemini-x`,
 * `claude-x@20250101` → `claude-x`.
 */
export function stripModelName(model: string): string {
  return stripPlace(model)
    .replace(/@[\w-]+$/, '')
    .replace(/-v\d+:\d+$/, '')
}

/** Without what says where a model runs or by which interface: `us.anthropic.claude-x-v1:0` → `anthropic.claude-x-v1:0`. */
function stripPlace(model: string): string {
  return model
    .replace(/^publishers\/[^/]+\/models\//, '')
    .replace(/^(?:converse|invoke)\//, '')
    .replace(/^arn:[^/]+:foundation-model\//, '')
    .replace(/^(?:us|us-gov|eu|apac|jp|au|ca|global)\./, '')
}

function readConfigured(config: ModelConfig): Readonly<Record<string, unknown>> | null {
  const configured: Record<string, unknown> = {}
  for (const source of [config.info.raw, config.prices]) {
    for (const [field, value] of Object.entries(source)) {
      const known = parsePriceField(field) !== null || unitFields.has(field)
      if ((known && parsePico(value) !== null) || isSearchPrice(field, value)) configured[field] = value
    }
  }
  return Object.keys(configured).length === 0 ? null : configured
}

function isSearchPrice(field: string, value: unknown): boolean {
  return field === 'search_context_cost_per_query' && typeof value === 'object' && value !== null
}

/** A flat configured price also replaces the listed prices of long prompts and service tiers for that term. */
function isVariantOf(field: string, configured: Readonly<Record<string, unknown>>): boolean {
  const parsed = parsePriceField(field)
  if (parsed === null) return false
  return Object.keys(configured).some((name) => {
    const own = parsePriceField(name)
    return own !== null && own.aboveInputTokens === 0 && own.tier === 'standard' && own.rate === parsed.rate
  })
}
