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

  /** Checksums of all bits: bundles were trained on exactly these. */
  it.each([
    ['nothing', ' \t\r\n ', 2825893637],
    ['a letter', 'x', 3636500151],
    ['half of a pair', '\ud83d', 1798096365],
    [
      'prose',
      'The naïve proof that √2 is irrational: suppose p/q = √2, then p² = 2q².\n\nWhy is that a contradiction?',
      4074924840,
    ],
    ['options', 'Which of these is prime?\n(a) 91\nb. 97\nC) 119\nd, 1\n(e', 3871987161],
    [
      'code',
      'undef function f(x) {\n\treturn x;\n}\nselect * from t where price > $5 and tax < $1; class A {}',
      3958235645,
    ],
    ['fenced code', '```js\nlet a = `b`\n```', 1297117574],
    ['mathematics', 'Solve \\frac{1}{2}x = 3 for $x$ and evaluate the integral.', 1882991238],
    ['scripts', '日本語のテキスト 한국어 ไทย русский ΑΣ ελλάς İstanbul ﬁne ① Ⅷ ٣ 𝒳𝒴 e\u0301', 2387753335],
    ['emoji and rare blanks', '👩‍👩‍👧 likes 🍕🍕, and 🤖?\u2028New line\u2003here\ufeff.', 1094553879],
    ['more tokens than count', '1+2 = (3) '.repeat(150), 171949282],
    [
      'a long ask',
      `${'first words of a long request. '.repeat(400)}And its last question: what is $x$?`,
      1745899551,
    ],
  ])('of %s stay as they are', (_, ask, checksum) =>
    expect(hashToken(JSON.stringify(read(ask)))).toBe(checksum),
  )

  it('hold the beginning and the end of a long ask', () => {
    const text = normaliseAsk(`${'a'.repeat(5_000)}${'b'.repeat(50_000)}`)
    expect([text.length, text.startsWith('aaa'), text.endsWith('bbb')]).toEqual([2_001, true, true])
  })
})
