import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { halveLines } from './segment-lines.ts'
import { SegmentReader } from './segment-reader.ts'
import type { SpendLines } from './spend-row.ts'

interface Line {
  readonly number: number
  readonly text: string
  readonly torn: boolean
}

describe('SegmentReader', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'routeiq-reader-'))
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  const reader = new SegmentReader()
  const read = async (text: string): Promise<{ lines: Line[]; counts: number[] }> => {
    const path = join(directory, 'segment')
    writeFileSync(path, text)
    const lines: Line[] = []
    const counts: number[] = []
    for await (const piece of reader.read({ id: 'segment', path, bytes: text.length })) {
      counts.push(piece.lines.count)
      lines.push(...numbered(piece.lines).map((line) => ({ ...line, torn: piece.torn })))
    }
    return { lines, counts }
  }
  const expected = (texts: readonly string[]): Line[] =>
    texts.map((text, number) => ({ number, text, torn: false }))

  it('reads every line once, numbered, however pieces and lines fall', async () => {
    const lengths = [0, 1, 449, 3_000, 100_000, 524_286, 524_287, 524_288, 1_500_000, 2, 700_000]
    for (const count of [1, 11, 2_345]) {
      const texts = Array.from({ length: count }, (_, n) =>
        `${n}`.padEnd(count > 100 ? n % 700 : (lengths[n] ?? 0), 'é'),
      )
      const { lines, counts } = await read(`${texts.join('\n')}\n`)
      expect(lines).toEqual(expected(texts))
      expect(Math.max(...counts)).toBeLessThanOrEqual(1_000)
    }
  })

  it('tells of a last line without line feed, and of nothing in an empty segment', async () => {
    expect((await read('a\nb\nc')).lines).toEqual([
      ...expected(['a', 'b']),
      { number: 2, text: 'c', torn: true },
    ])
    expect((await read('a')).lines).toEqual([{ number: 0, text: 'a', torn: true }])
    expect((await read('')).lines).toEqual([])
  })

  it('finds nothing where another process took the segment', async () => {
    const missing = { id: 'segment', path: join(directory, 'missing'), bytes: 1 }
    expect(await reader.read(missing).next()).toEqual({ done: true, value: undefined })
  })
})

describe('halveLines', () => {
  it('keeps every line and its number', () => {
    for (let count = 2; count < 20; count++) {
      const texts = Array.from({ length: count }, (_, n) => 'x'.repeat(n % 3))
      const whole = { segment: 's', firstLine: 7, count, text: Buffer.from(texts.join('\n')) }
      const halves = halveLines(whole)
      expect(halves.flatMap(numbered)).toEqual(numbered(whole))
      expect(halves.map((half) => numbered(half).length)).toEqual(halves.map((half) => half.count))
    }
  })
})

function numbered({ text, firstLine }: SpendLines): { number: number; text: string }[] {
  return text
    .toString()
    .split('\n')
    .map((line, index) => ({ number: firstLine + index, text: line }))
}
