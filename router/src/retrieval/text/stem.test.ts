import { describe, expect, it } from 'vitest'
import { stem } from './stem.ts'

describe('stem', () => {
  it.each([
    ['invoice invoices invoiced invoicing'],
    ['plan plans planned planning'],
    ['search searches searched searching'],
    ['query queries'],
    ['class classes'],
    ['translate translates translated translating'],
    ['book books booked booking'],
  ])('%s are one', (words) => {
    expect(new Set(words.split(' ').map(stem)).size).toBe(1)
  })

  it.each(['bus', 'analysis', 'red', 'king', 'news feed', 'sing', 'status', '天気', 'straße'])(
    'does not empty or merge %s away',
    (word) => {
      expect(stem(word).length).toBeGreaterThanOrEqual(Math.min(word.length, 3) - 1)
      expect(stem(stem(word))).toBe(stem(word))
    },
  )

  it('keeps apart what only looks alike', () => {
    expect(stem('red')).toBe('red')
    expect(stem('king')).toBe('king')
    expect(stem('status')).toBe('status')
    expect(stem('process')).toBe('process')
  })
})
