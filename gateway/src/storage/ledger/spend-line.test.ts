import { describe, expect, it } from 'vitest'
import { sampleSpendRow } from '../testing/sample-spend-row.ts'
import { formatSpendLine, parseSpendLine } from './spend-line.ts'

describe('spend lines', () => {
  it.each([
    ['a full row', sampleSpendRow()],
    [
      'a failed row',
      sampleSpendRow({
        usage: null,
        costNanoUsd: null,
        errorCode: 'timeout',
        status: 408,
        firstTokenAt: null,
      }),
    ],
    ['awkward text', sampleSpendRow({ endUser: 'line\nfeed "quote" \\ \0 👍 \u2028', tags: ['', ',', ']'] })],
    ['a huge amount', sampleSpendRow({ costNanoUsd: -(2n ** 63n) })],
  ])('bring back %s', (_name, row) => {
    const line = formatSpendLine(row)
    expect(line).not.toContain('\n')
    expect(parseSpendLine(line)).toEqual(row)
  })

  it('are nothing when cut anywhere', () => {
    const line = formatSpendLine(sampleSpendRow())
    for (let length = 0; length < line.length; length++)
      expect(parseSpendLine(line.slice(0, length))).toBeNull()
  })

  it.each(['{}', 'null', '[]', '[1]', '[2,"a"]', '[1,2,3', '\0\0\0'])(
    'are nothing when they read %s',
    (line) => {
      expect(parseSpendLine(line)).toBeNull()
    },
  )
})
