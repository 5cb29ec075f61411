import { describe, expect, it } from 'vitest'
import { FeatureExtractor } from './features.ts'
import { hashBigram, hashToken } from './hash-tokens.ts'
import { normaliseAsk } from './normalise-ask.ts'
import { plainShape } from './structured.ts'

const read = (ask: string) => {
  const { slots, values, size, structured } = new FeatureExtractor().extract(ask, plainShape)
  return { slots: [...slots.slice(0, size)], values: [...values.slice(0, size)], structured: [...structured] }
}

describe('hashed tokens', () => {
  it.each([
    ['hello', 0x888d766e],
    ['7', 0x7a21d05d],
    ['é', 0x8e4756c7],
  ])('%s', (token, hash) => expect(hashToken(token)).toBe(hash))

  it('pairs', () => expect(hashBigram('the', 'end')).toBe(0x66438391))

  it('take the slot from the low bits and the sign from the highest', () => {
    expect(read('hello')).toMatchObject({ slots: [1646], values: [Math.log(2)] })
    expect(read('7')).toMatchObject({ slots: [93], values: [-Math.log(2)] })
    expect(read('é')).toMatchObject({ slots: [1735], values: [Math.log(2)] })
  })

  it('split digits, symbols and scripts without spaces one by one', () => {
    const tokens = (ask: string): number => new FeatureExtractor().extract(ask, plainShape).tokens
    expect([tokens('12'), tokens('a+b'), tokens('日本語'), tokens('naïve'), tokens('𝒳𝒴')]).toEqual([
      2, 3, 3, 1, 1,
    ])
    expect(tokens('word '.repeat(1_000))).toBe(400)
  })
})

describe('features', () => {
  it('do not depend on case or on how blanks are written', () => {
    expect(read('What  is\r\n\r\n\tthe SUM of 3 and 4?')).toEqual(read('what is\nthe sum of 3 and 4?'))
  })

  it('of one ask leave nothing behind for the next', () => {
    const extractor = new FeatureExtractor()
    extractor.extract('something entirely different, and longer', plainShape)
    const { slots, size } = extractor.extract('hello', plainShape)
    expect([...slots.slice(0, size)]).toEqual([1646])
  })

  it('hold the beginning and the end of a long ask', () => {
    const text = normaliseAsk(`${'a'.repeat(5_000)}${'b'.repeat(50_000)}`)
    expect([text.length, text.startsWith('aaa'), text.endsWith('bbb')]).toEqual([2_001, true, true])
  })
})
