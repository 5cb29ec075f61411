import { describe, expect, it } from 'vitest'
import { type Usage, zeroUsage } from '../conversation/usage.ts'
import { type CostTerms, computeCost, plainTerms, toNanoUsd } from './compute-cost.ts'
import { readEntry } from './parse-price-map.ts'
import type { ModelPrices } from './prices.ts'

function pricesOf(fields: Record<string, unknown>, name = 'model'): ModelPrices {
  const { prices } = readEntry(name, fields)
  if (prices === null) throw new Error('the entry has no price')
  return prices
}

const flat = { input_cost_per_token: 2e-6, output_cost_per_token: 10e-6 }
const claude = { ...flat, litellm_provider: 'anthropic' }
const stepped = {
  ...flat,
  cache_read_input_token_cost: 0.2e-6,
  input_cost_per_token_above_200k_tokens: 4e-6,
  output_cost_per_token_above_200k_tokens: 15e-6,
  cache_read_input_token_cost_above_200k_tokens: 0.4e-6,
}

interface Golden {
  readonly term: string
  readonly fields: Record<string, unknown>
  readonly usage: Partial<Usage>
  readonly terms?: Partial<CostTerms>
  /** Micro-USD (millionths of a dollar), computed by hand. */
  readonly micro: number | null
}

const golden: readonly Golden[] = [
  { term: 'input and output', fields: flat, usage: { inputTokens: 100, outputTokens: 50 }, micro: 700 },
  { term: 'nothing used', fields: flat, usage: {}, micro: 0 },
  {
    term: 'cache read at its price',
    fields: { ...flat, cache_read_input_token_cost: 0.5e-6 },
    usage: { inputTokens: 100, cacheReadTokens: 60 },
    micro: 110,
  },
  {
    term: 'cache read without a price',
    fields: flat,
    usage: { inputTokens: 100, cacheReadTokens: 60 },
    micro: 200,
  },
  {
    term: 'five-minute write at its price',
    fields: { ...flat, cache_creation_input_token_cost: 3e-6 },
    usage: { inputTokens: 100, cacheWriteTokens: 60 },
    micro: 260,
  },
  {
    term: 'five-minute write, Anthropic',
    fields: claude,
    usage: { inputTokens: 100, cacheWriteTokens: 60 },
    micro: 230,
  },
  {
    term: 'five-minute write, others',
    fields: flat,
    usage: { inputTokens: 100, cacheWriteTokens: 60 },
    micro: 200,
  },
  {
    term: 'five-minute and one-hour writes mixed, Anthropic',
    fields: claude,
    usage: { inputTokens: 100, cacheWriteTokens: 60, cacheWriteOneHourTokens: 20 },
    micro: 40 * 2 + 40 * 2.5 + 20 * 4,
  },
  {
    term: 'one-hour write at its price',
    fields: { ...claude, cache_creation_input_token_cost_above_1hr: 7e-6 },
    usage: { inputTokens: 20, cacheWriteTokens: 20, cacheWriteOneHourTokens: 20 },
    micro: 140,
  },
  {
    term: 'reasoning without a price',
    fields: flat,
    usage: { outputTokens: 50, reasoningTokens: 40 },
    micro: 500,
  },
  {
    term: 'thoughts at their price',
    fields: { ...flat, output_cost_per_reasoning_token: 3e-6 },
    usage: { outputTokens: 50, reasoningTokens: 40 },
    micro: 220,
  },
  {
    term: 'audio both ways',
    fields: { ...flat, input_cost_per_audio_token: 40e-6, output_cost_per_audio_token: 80e-6 },
    usage: { inputTokens: 30, audioInputTokens: 20, outputTokens: 15, audioOutputTokens: 10 },
    micro: 20 + 800 + 50 + 800,
  },
  {
    term: 'image tokens both ways',
    fields: { ...flat, input_cost_per_image_token: 5e-6, output_cost_per_image_token: 40e-6 },
    usage: { inputTokens: 30, outputTokens: 20 },
    terms: { imageInputTokens: 10, imageOutputTokens: 20 },
    micro: 40 + 50 + 800,
  },
  {
    term: 'units',
    fields: {
      ...flat,
      input_cost_per_image: 0.001,
      input_cost_per_second: 0.0001,
      output_cost_per_character: 1e-6,
    },
    usage: {},
    terms: { units: { inputImage: 2, inputSecond: 1.5, outputCharacter: 30 } },
    micro: 2000 + 150 + 30,
  },
  {
    term: 'a fee per request',
    fields: { ...flat, input_cost_per_request: 0.005 },
    usage: { inputTokens: 1 },
    micro: 5002,
  },
  {
    term: 'search calls by context size',
    fields: {
      ...flat,
      search_context_cost_per_query: { search_context_size_low: 0.03, search_context_size_medium: 0.035 },
    },
    usage: { searchCalls: 2 },
    terms: { searchContextSize: 'low' },
    micro: 60_000,
  },
  {
    term: 'a prompt at the threshold',
    fields: stepped,
    usage: { inputTokens: 200_000, outputTokens: 1 },
    micro: 400_010,
  },
  {
    term: 'a prompt above it',
    fields: stepped,
    usage: { inputTokens: 200_001, outputTokens: 1 },
    micro: 800_019,
  },
  {
    term: 'a prompt above it because of its cached part',
    fields: stepped,
    usage: { inputTokens: 200_001, cacheReadTokens: 200_000, outputTokens: 1 },
    micro: 4 + 80_000 + 15,
  },
  {
    term: 'the batch tier',
    fields: { ...flat, input_cost_per_token_batches: 1e-6, output_cost_per_token_batches: 5e-6 },
    usage: { inputTokens: 100, outputTokens: 50, serviceTier: 'batch' },
    micro: 350,
  },
  {
    term: 'a tier without its own price',
    fields: { ...flat, input_cost_per_token_priority: 4e-6 },
    usage: { inputTokens: 100, outputTokens: 50, serviceTier: 'priority' },
    micro: 900,
  },
  {
    term: 'more cached than prompted',
    fields: flat,
    usage: { inputTokens: 10, cacheReadTokens: 20 },
    micro: 40,
  },
  {
    term: 'images at the price of an output',
    fields: { output_cost_per_image: 0.04 },
    usage: {},
    terms: { units: { outputImage: 2, outputPixel: 2_000_000 } },
    micro: 80_000,
  },
  {
    term: 'images at the price lists give as an input',
    fields: { input_cost_per_pixel: 1e-8, output_cost_per_pixel: 0 },
    usage: {},
    terms: { units: { outputImage: 1, outputPixel: 1_000_000 } },
    micro: 10_000,
  },
  {
    term: 'seconds of audio',
    fields: { input_cost_per_second: 0.0001, output_cost_per_second: 0.0001 },
    usage: {},
    terms: { units: { inputSecond: 12.5 } },
    micro: 1250,
  },
  {
    term: 'searches of a reranker',
    fields: { input_cost_per_query: 0.002 },
    usage: {},
    terms: { units: { query: 3 } },
    micro: 6000,
  },
  {
    term: 'units without a price',
    fields: flat,
    usage: {},
    terms: { units: { inputSecond: 12.5 } },
    micro: null,
  },
  {
    term: 'units of a model that is free',
    fields: { input_cost_per_token: 0 },
    usage: {},
    terms: { units: { inputSecond: 12.5 } },
    micro: 0,
  },
  {
    term: 'the flex tier above a threshold',
    fields: { ...stepped, input_cost_per_token_above_200k_tokens_flex: 2e-6 },
    usage: { inputTokens: 200_001, serviceTier: 'flex' },
    micro: 400_002,
  },
  {
    term: 'an unknown output price',
    fields: { input_cost_per_token: 2e-6 },
    usage: { outputTokens: 1 },
    micro: null,
  },
  {
    term: 'an unknown output price nobody used',
    fields: { input_cost_per_token: 2e-6 },
    usage: { inputTokens: 10 },
    micro: 20,
  },
]

describe('computeCost', () => {
  it.each(golden)('bills $term', ({ fields, usage, terms, micro }) => {
    const cost = computeCost(
      pricesOf(fields),
      { ...zeroUsage, ...usage },
      terms === undefined ? undefined : { ...plainTerms, ...terms },
    )
    expect(cost).toBe(micro === null ? null : BigInt(Math.round(micro * 1000)) * 1000n)
  })

  it('gives the same on the short way and on the long one', () => {
    const prices = pricesOf(stepped)
    for (const inputTokens of [0, 1, 199_999, 200_000, 200_001, 10_000_001]) {
      const usage = { ...zeroUsage, inputTokens, outputTokens: 12_345 }
      expect(computeCost(prices, usage)).toBe(computeCost(prices, usage, { ...plainTerms }))
    }
  })

  it('stays exact where binary floats would not', () => {
    const prices = pricesOf({ input_cost_per_token: '0.000000123457', output_cost_per_token: 0 })
    expect(computeCost(prices, { ...zeroUsage, inputTokens: 9_999_999 })).toBe(123_457n * 9_999_999n)
  })

  it('rounds to nano-dollars once, halves up', () => {
    expect([499n, 500n, 1499n, 1500n].map(toNanoUsd)).toEqual([0n, 1n, 1n, 2n])
  })
})
