import { compilePrices } from './compile-prices.ts'
import type { ModelFacts, PriceEntry } from './prices.ts'

export interface ParsedPriceMap {
  readonly entries: ReadonlyMap<string, PriceEntry>
  /** One text per entry that was left out. */
  readonly problems: readonly string[]
}

/** An entry of LiteLLM's map that documents the format and prices nothing. */
const sampleName = 'sample_spec'

/**
 * Reads a price map in LiteLLM's JSON format (model name → fields). A bad entry is left out and reported; the others
 * stand. Errors: throws an Error when the whole text is not a JSON object or holds no usable entry.
 */
export function parsePriceMap(text: string): ParsedPriceMap {
  const parsed: unknown = JSON.parse(text)
  if (!isRecord(parsed)) throw new Error('a price map is a JSON object of model names')
  const result = readPriceMap(parsed)
  if (result.entries.size === 0) throw new Error('the price map holds no usable entry')
  return result
}

/** The same for a map that is already parsed. */
export function readPriceMap(map: Readonly<Record<string, unknown>>): ParsedPriceMap {
  const entries = new Map<string, PriceEntry>()
  const problems: string[] = []
  for (const [name, fields] of Object.entries(map)) {
    if (name === sampleName) continue
    try {
      entries.set(name, readEntry(name, fields))
    } catch (error) {
      problems.push(`${name}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return { entries, problems }
}

/** Errors: throws an Error that says which field is wrong. */
export function readEntry(name: string, fields: unknown): PriceEntry {
  if (!isRecord(fields)) throw new Error('an entry is an object of fields')
  return { name, prices: compilePrices(name, fields), facts: readFacts(fields), raw: fields }
}

function readFacts(fields: Readonly<Record<string, unknown>>): ModelFacts {
  const supports: Record<string, boolean> = {}
  for (const [field, value] of Object.entries(fields)) {
    if (field.startsWith('supports_') && typeof value === 'boolean') supports[field] = value
  }
  const maxTokens = readCount(fields, 'max_tokens')
  return {
    provider: readText(fields, 'litellm_provider'),
    mode: readText(fields, 'mode'),
    maxInputTokens: readCount(fields, 'max_input_tokens'),
    maxOutputTokens: readCount(fields, 'max_output_tokens') ?? maxTokens,
    supports,
    deprecationDate: readText(fields, 'deprecation_date'),
  }
}

function readText(fields: Readonly<Record<string, unknown>>, field: string): string | null {
  const value = fields[field]
  return typeof value === 'string' && value !== '' ? value : null
}

function readCount(fields: Readonly<Record<string, unknown>>, field: string): number | null {
  const value = fields[field]
  if (value === null || value === undefined || value === '') return null
  const count = Number(value)
  if (!Number.isFinite(count) || count < 0) throw new Error(`\`${field}\` is not a number of tokens`)
  return Math.floor(count)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
