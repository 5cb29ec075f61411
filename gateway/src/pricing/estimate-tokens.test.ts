import { describe, expect, it } from 'vitest'
import { estimateInputTokens } from './estimate-tokens.ts'

describe('estimateInputTokens', () => {
  it('errs upwards for prose: English has more than four characters a token', () => {
    const body = JSON.stringify({
      messages: [{ role: 'user', content: 'The quick brown fox jumps over the lazy dog. '.repeat(100) }],
    })
    expect(estimateInputTokens(body.length)).toBeGreaterThan(1000)
    expect(estimateInputTokens(body.length)).toBeLessThan(2000)
  })

  it('counts attachments by number, not by size', () => {
    expect(estimateInputTokens(3_000_300, 3_000_000, 2)).toBe(100 + 3200)
  })

  it('never goes below zero', () => {
    expect(estimateInputTokens(0, 10)).toBe(0)
  })
})
