import { describe, expect, it } from 'vitest'
import { sampleSpendRow } from '../testing/sample-spend-row.ts'
import { cleanSpendLine, formatSpendLine, isSpendLine } from './spend-line.ts'

describe('spend lines', () => {
  it.each([
    ['a full row', sampleSpendRow()],
    ['a failed row', sampleSpendRow({ usage: null, costNanoUsd: null, firstTokenAt: null })],
    ['awkward text', sampleSpendRow({ endUser: 'line\nfeed "quote" \\ \0 👍 \u2028', tags: ['', ',', ']'] })],
  ])('are one line each for %s', (_name, row) => {
    const line = formatSpendLine(row)
    expect(line).not.toContain('\n')
    expect(isSpendLine(line)).toBe(true)
  })

  it('hold whole milliseconds', () => {
    const row = sampleSpendRow({ startedAt: 1_000.9, firstTokenAt: 1_001.5, endedAt: 1_002.1 })
    expect(JSON.parse(formatSpendLine(row)).slice(5, 8)).toEqual([1_000, 1_001, 1_002])
  })

  it.each([
    ['nul\0', 'nul\uFFFD'],
    ['alone \ud800 and \udfff', 'alone \uFFFD and \uFFFD'],
    ['a pair 👍, a bell \u0007, a feed \n', 'a pair 👍, a bell \u0007, a feed \n'],
    ['text \\u0000 and \\\\ud800', 'text \\u0000 and \\\\ud800'],
    ['\\\0', '\\\uFFFD'],
  ])('carry %j as %j', (text, carried) => {
    const line = formatSpendLine(sampleSpendRow({ endUser: text, tags: [text] }))
    const members = JSON.parse(line)
    expect([members[12], members[13]]).toEqual([carried, [carried]])
    expect(cleanSpendLine(line)).toBe(line)
  })

  it('are nothing when cut anywhere', () => {
    const line = formatSpendLine(sampleSpendRow())
    for (let length = 0; length < line.length; length++)
      expect(isSpendLine(line.slice(0, length))).toBe(false)
  })

  it('may be of the version before', () => {
    const members = JSON.parse(formatSpendLine(sampleSpendRow())) as unknown[]
    const older = [1, ...members.slice(1, 31)]
    expect(isSpendLine(JSON.stringify(older))).toBe(true)
    expect(isSpendLine(JSON.stringify([2, ...older.slice(1)]))).toBe(false)
  })

  it.each(['{}', 'null', '[]', '[1]', '[2,"a"]', '[1,2,3', '\0\0\0'])(
    'are nothing when they read %s',
    (line) => expect(isSpendLine(line)).toBe(false),
  )
})
