import { describe, expect, it } from 'vitest'
import { parsePriceMap } from './parse-price-map.ts'

const good = {
  litellm_provider: 'openai',
  mode: 'chat',
  input_cost_per_token: 1e-6,
  output_cost_per_token: 2e-6,
}

describe('parsePriceMap', () => {
  it('leaves a bad entry out and keeps the others', () => {
    const { entries, problems } = parsePriceMap(
      JSON.stringify({
        sample_spec: { input_cost_per_token: 'explanation' },
        fine: good,
        'bad-price': { ...good, input_cost_per_token: 'free' },
        'negative-price': { ...good, output_cost_per_token: -1 },
        'bad-limit': { ...good, max_input_tokens: 'many' },
        'not-an-object': 3,
      }),
    )
    expect([...entries.keys()]).toEqual(['fine'])
    expect(problems).toEqual([
      'bad-price: `input_cost_per_token` is not a price',
      'negative-price: `output_cost_per_token` is not a price',
      'bad-limit: `max_input_tokens` is not a number of tokens',
      'not-an-object: an entry is an object of fields',
    ])
  })

  it.each(['[]', '3', 'null', '{}', '{"only": 1}', 'not json'])('refuses the whole of %s', (text) => {
    expect(() => parsePriceMap(text)).toThrow()
  })

  it('keeps unknown fields and reads facts', () => {
    const fields = {
      ...good,
      max_tokens: 4096,
      max_input_tokens: '128000',
      supports_vision: true,
      supports_pdf_input: false,
      deprecation_date: '2027-01-01',
      tokens_per_ride: 7,
    }
    const entry = parsePriceMap(JSON.stringify({ fine: fields })).entries.get('fine')
    expect(entry?.raw['tokens_per_ride']).toBe(7)
    expect(entry?.facts).toEqual({
      provider: 'openai',
      mode: 'chat',
      maxInputTokens: 128_000,
      maxOutputTokens: 4096,
      supports: { supports_vision: true, supports_pdf_input: false },
      deprecationDate: '2027-01-01',
    })
  })

  it('has no price for an entry that lists none', () => {
    const { entries } = parsePriceMap(JSON.stringify({ fine: { mode: 'chat', supports_vision: true } }))
    expect(entries.get('fine')?.prices).toBeNull()
  })

  it('understands every price field of the format', () => {
    const fields = {
      input_cost_per_token: 1e-6,
      output_cost_per_token: 2e-6,
      cache_read_input_token_cost: 3e-6,
      cache_creation_input_token_cost: 4e-6,
      cache_creation_input_token_cost_above_1hr: 5e-6,
      output_cost_per_reasoning_token: 6e-6,
      input_cost_per_audio_token: 7e-6,
      output_cost_per_audio_token: 8e-6,
      input_cost_per_image_token: 9e-6,
      output_cost_per_image_token: 10e-6,
      input_cost_per_token_batches: 11e-6,
      input_cost_per_token_priority: 12e-6,
      input_cost_per_token_flex: 13e-6,
      input_cost_per_token_above_128k_tokens: 14e-6,
      cache_creation_input_token_cost_above_1hr_above_200k_tokens: 15e-6,
      input_cost_per_token_above_272k_tokens_priority: 16e-6,
      input_cost_per_image: 17e-6,
      output_cost_per_pixel: 18e-6,
      input_cost_per_second: 19e-6,
      output_cost_per_character: 20e-6,
      input_cost_per_query: 21e-6,
      search_context_cost_per_query: { search_context_size_low: 22e-6 },
    }
    const prices = parsePriceMap(JSON.stringify({ model: fields })).entries.get('model')?.prices
    const [base, above128k, above200k, above272k] = prices?.steps ?? []
    expect(base?.rates.standard).toEqual({
      input: 1_000_000n,
      output: 2_000_000n,
      cacheRead: 3_000_000n,
      cacheWrite: 4_000_000n,
      cacheWriteOneHour: 5_000_000n,
      reasoning: 6_000_000n,
      audioInput: 7_000_000n,
      audioOutput: 8_000_000n,
      imageInput: 9_000_000n,
      imageOutput: 10_000_000n,
    })
    expect(base?.rates.batch.input).toBe(11_000_000n)
    expect(base?.rates.priority.input).toBe(12_000_000n)
    expect(base?.rates.flex.input).toBe(13_000_000n)
    expect(above128k?.aboveInputTokens).toBe(128_000)
    expect(above128k?.rates.standard.input).toBe(14_000_000n)
    expect(above200k?.rates.standard.cacheWriteOneHour).toBe(15_000_000n)
    expect(above272k?.rates.priority.input).toBe(16_000_000n)
    expect(prices?.units).toEqual({
      inputImage: 17_000_000n,
      outputPixel: 18_000_000n,
      inputSecond: 19_000_000n,
      outputCharacter: 20_000_000n,
      query: 21_000_000n,
    })
    expect(prices?.searchCall).toEqual({ low: 22_000_000n, medium: null, high: null })
  })
})
