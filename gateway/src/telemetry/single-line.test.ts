import { describe, expect, it } from 'vitest'
import { toSingleLine } from './single-line.ts'

describe('toSingleLine', () => {
  it('makes every line end and control character visible', () => {
    expect(toSingleLine('a\r\nb\u2028c\u0085d\u001b[31m')).toBe('a\\u000d\\u000ab\\u2028c\\u0085d\\u001b[31m')
  })

  it('leaves other text alone', () => {
    expect(toSingleLine('grüße 🙂 "x"')).toBe('grüße 🙂 "x"')
  })
})
