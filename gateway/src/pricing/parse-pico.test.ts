import { describe, expect, it } from 'vitest'
import { parsePico } from './parse-pico.ts'

describe('parsePico', () => {
  it.each([
    ['0.0000025', 2_500_000n],
    [2.5e-6, 2_500_000n],
    [1.5e-7, 150_000n],
    ['3e-06', 3_000_000n],
    [0, 0n],
    ['0.02', 20_000_000_000n],
    [1, 1_000_000_000_000n],
    ['0.0000000000004', 0n],
    ['0.0000000000005', 1n],
    [' 0.1 ', 100_000_000_000n],
  ])('reads %s exactly', (amount, pico) => {
    expect(parsePico(amount)).toBe(pico)
  })

  it.each([
    [-1],
    ['abc'],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [null],
    [{}],
    ['1,5'],
    [''],
    ['1e999'],
    [true],
  ])('refuses %s', (amount) => {
    expect(parsePico(amount)).toBeNull()
  })

  it('knows no binary rounding: a tenth thrice is three tenths', () => {
    const tenth = parsePico(0.1) ?? 0n
    expect(tenth * 3n).toBe(parsePico(0.3))
  })
})
