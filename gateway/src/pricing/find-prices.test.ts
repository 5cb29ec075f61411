import { describe, expect, it } from 'vitest'
import { builtInPriceTable, type ModelPatch, modelConfig } from '../deployments/for-test.ts'
import { findPriceEntry, stripModelName } from './find-prices.ts'
import { readPriceMap } from './parse-price-map.ts'
import { PriceTable } from './price-table.ts'

const price = (input: number) => ({ input_cost_per_token: input, output_cost_per_token: 0 })

function find(map: Record<string, unknown>, patch: ModelPatch, model = 'm') {
  const table = new PriceTable(readPriceMap(map).entries, 0)
  return findPriceEntry(table, modelConfig('group', patch), model)
}

describe('findPriceEntry', () => {
  const map = {
    'my-id': price(1e-6),
    base: price(2e-6),
    'openai/m': price(3e-6),
    m: price(4e-6),
    'claude-x': price(5e-6),
  }

  it.each([
    ['the deployment id', { info: { id: 'my-id', baseModel: 'base' } }, 'm', 1_000_000n],
    ['base_model', { info: { baseModel: 'base' } }, 'm', 2_000_000n],
    ['provider/model', {}, 'm', 3_000_000n],
    ['the model', { provider: 'groq' }, 'm', 4_000_000n],
    ['the model without its version', { provider: 'groq' }, 'us.claude-x-v1:0', 5_000_000n],
  ])('looks up %s', (_, patch, model, input) => {
    expect(find(map, patch, model)?.prices?.steps[0].rates.standard.input).toBe(input)
  })

  it('knows nothing of an unlisted model', () => {
    expect(find(map, {}, 'unheard-of')).toBeNull()
  })

  it('lets configured prices beat the table, long-prompt prices of that term included', () => {
    const listed = {
      m: { ...price(4e-6), output_cost_per_token: 9e-6, input_cost_per_token_above_200k_tokens: 8e-6 },
    }
    const prices = find(listed, { prices: { input_cost_per_token: 1e-6 } })?.prices
    expect(prices?.steps).toHaveLength(1)
    expect(prices?.steps[0].rates.standard).toMatchObject({ input: 1_000_000n, output: 9_000_000n })
  })

  it('prices an unlisted model by its configuration, and ignores what is no price', () => {
    const entry = find(
      {},
      { info: { raw: { input_cost_per_token: '0.000002', output_cost_per_token: 'dear' } } },
    )
    expect(entry?.prices?.steps[0].rates.standard).toMatchObject({ input: 2_000_000n, output: null })
  })

  it('prefers a loaded map to the built-in table, and falls back to it', () => {
    const table = builtInPriceTable()
    const config = modelConfig('gpt-4o')
    const before = findPriceEntry(table, config, 'gpt-4o')
    table.replace(readPriceMap({ 'gpt-4o': price(9e-6) }).entries, { name: 'prices.json', loadedAtMs: 5 })
    expect(before?.prices?.plain?.input).toBe(2_500_000)
    expect(findPriceEntry(table, config, 'gpt-4o')?.prices?.plain?.input).toBe(9_000_000)
    expect(findPriceEntry(table, config, 'gpt-4o-mini')?.prices?.plain?.input).toBe(150_000)
    expect(table.source).toEqual({ name: 'prices.json', loadedAtMs: 5 })
  })
})

describe('names with a place', () => {
  it('are found as price maps write them, with the version or without', () => {
    const map = {
      'anthropic.claude-x-v1:0': price(1e-6),
      'amazon.nova-lite': price(2e-6),
      'gpt-x': price(3e-6),
    }
    const input = (model: string, baseModel: string | null = null) =>
      find(map, { provider: 'bedrock', info: { baseModel } }, model)?.raw['input_cost_per_token']
    expect(input('us.anthropic.claude-x-v1:0')).toBe(1e-6)
    expect(input('eu.amazon.nova-lite-v1:0')).toBe(2e-6)
    expect(input('my-deployment', 'azure/gpt-x')).toBe(3e-6)
    expect(input('my-deployment')).toBeUndefined()
  })
})

describe('stripModelName', () => {
  it.each([
    ['eu.anthropic.claude-x-v1:0', 'anthropic.claude-x'],
    ['global.anthropic.claude-x-v1:0', 'anthropic.claude-x'],
    ['converse/apac.amazon.nova-lite-v1:0', 'amazon.nova-lite'],
    ['arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-x-v1:0', 'anthropic.claude-x'],
    ['publishers/google/models/gemini-x', 'gemini-x'],
    ['claude-x@20250101', 'claude-x'],
    ['deepseek-v3', 'deepseek-v3'],
  ])('%s → %s', (model, stripped) => {
    expect(stripModelName(model)).toBe(stripped)
  })
})
