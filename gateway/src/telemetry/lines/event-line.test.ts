import { describe, expect, it } from 'vitest'
import { formatEventLine, formatEventText } from './event-line.ts'

const at = 1_700_000_000_000

describe('formatEventLine', () => {
  it('sorts keys, keeps null and leaves undefined out', () => {
    const line = formatEventLine(
      'warn',
      'reload',
      { zeta: 1, alpha: null, gone: undefined, beta: true, inf: 1 / 0 },
      at,
    )
    expect(line).toBe(
      '{"alpha":null,"beta":true,"event":"reload","inf":null,"level":"warn","timestamp":"2023-11-14T22:13:20.000Z","zeta":1}',
    )
  })

  it('does not let a field replace the fixed members', () => {
    expect(
      JSON.parse(formatEventLine('error', 'real', { event: 'forged', level: 'debug' }, at)),
    ).toMatchObject({
      event: 'real',
      level: 'error',
    })
  })
})

describe('formatEventText', () => {
  it('is one line for people', () => {
    expect(formatEventText('warn', 'reload', { message: 'it\nfailed', path: 'x', none: null }, at)).toBe(
      '22:13:20.000 WARN  it\\u000afailed path=x',
    )
  })
})
