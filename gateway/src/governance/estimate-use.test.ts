import { describe, expect, it } from 'vitest'
import { type CallShape, estimateUse } from './estimate-use.ts'

const shape = (max_tokens: unknown): CallShape => ({
  group: { name: 'm', deployments: [], priceLists: [] },
  operation: 'chat',
  bytes: 30,
  body: { max_tokens },
})

const outputsOf = (maxTokens: unknown): number =>
  estimateUse(shape(maxTokens), { expect: (_, wanted) => wanted ?? 500 }, 'm').outputTokens

describe('what a call will probably use', () => {
  it('is a whole number that can be counted exactly, whatever the request says', () => {
    expect(outputsOf(100)).toBe(100)
    expect(outputsOf(100.5)).toBe(101)
    expect(outputsOf(1e300)).toBe(1e9)
    expect(outputsOf(Number.POSITIVE_INFINITY)).toBe(1e9)
    expect(outputsOf(-1)).toBe(500)
    expect(outputsOf('100')).toBe(500)
  })
})
