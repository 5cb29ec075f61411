import { describe, expect, it } from 'vitest'
import type { RateRule } from './allowances.ts'
import { type Charge, chargeOf, planCharges } from './charges.ts'
import { limitLines, toHeaders } from './limit-headers.ts'
import type { Standing } from './limiter.ts'

const rule: RateRule = {
  descriptor: 'api_key',
  id: 'a',
  shown: 'a',
  model: null,
  requests: 100,
  tokens: 1_000,
  parallel: 4,
  dynamic: [],
}

const chargesOf = (...rates: readonly Partial<RateRule>[]): readonly Charge[] =>
  planCharges(
    { rates: rates.map((rate) => ({ ...rule, ...rate })), budgets: [] },
    () => true,
    60_000,
  ).flatMap(
    (template) =>
      chargeOf(
        template,
        { inputTokens: 1, outputTokens: 1, cost: null },
        { countedTokens: 'total', timezone: 'UTC' },
        { deployments: [] },
        0,
      ) ?? [],
  )

const at = (used: number, resetsInMs: number): Standing => ({ used, held: 0, resetsInMs })
const place = at(0, 0)

describe('head lines of limits', () => {
  const charges = chargesOf({})

  it('say what is left, and when the window ends', () => {
    expect(toHeaders(limitLines(charges, [at(1, 59_001), at(250, 59_001), place], 10_000))).toEqual({
      'x-ratelimit-limit': '100',
      'x-ratelimit-remaining': '99',
      'x-ratelimit-reset': '70',
      'x-ratelimit-limit-requests': '100',
      'x-ratelimit-remaining-requests': '99',
      'x-ratelimit-reset-requests': '60s',
      'x-ratelimit-limit-tokens': '1000',
      'x-ratelimit-remaining-tokens': '750',
      'x-ratelimit-reset-tokens': '60s',
    })
  })

  it('follow the clock, within a window and into the next one', () => {
    const shownAt = (nowMs: number, resetsInMs: number) => {
      const shown = toHeaders(limitLines(charges, [at(2, resetsInMs), at(2, resetsInMs), place], nowMs))
      return [
        shown['x-ratelimit-reset'],
        shown['x-ratelimit-reset-requests'],
        shown['x-ratelimit-reset-tokens'],
      ]
    }
    expect(shownAt(10_000, 60_000)).toEqual(['70', '60s', '60s'])
    expect(shownAt(12_500, 57_500)).toEqual(['70', '58s', '58s'])
    expect(shownAt(71_000, 60_000)).toEqual(['131', '60s', '60s'])
    expect(shownAt(10_000, 60_000)).toEqual(['70', '60s', '60s'])
  })

  it('tell the limit of which the smallest part is left, and the first of equals', () => {
    const several = chargesOf(
      { requests: 100, tokens: null, parallel: null },
      { requests: 10, tokens: null, parallel: null },
      { requests: 20, tokens: null, parallel: null },
    )
    const shown = toHeaders(limitLines(several, [at(40, 9_000), at(5, 8_000), at(10, 7_000)], 0))
    expect(shown).toMatchObject({ 'x-ratelimit-limit': '10', 'x-ratelimit-remaining': '5' })
  })
})
