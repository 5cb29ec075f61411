import type { SpendLines } from './spend-row.ts'

const lineFeed = 0x0a

/** The first whole lines of `bytes`, at most `limit`: their number and where the last one's line feed stands. */
export function measureLines(bytes: Buffer, limit: number): { count: number; end: number } {
  let count = 0
  let end = -1
  while (count < limit) {
    const next = bytes.indexOf(lineFeed, end + 1)
    if (next === -1) break
    end = next
    count += 1
  }
  return { count, end }
}

/** Two halves of at least two lines. */
export function halveLines({ segment, firstLine, count, text }: SpendLines): [SpendLines, SpendLines] {
  const half = count >> 1
  const { end } = measureLines(text, half)
  return [
    { segment, firstLine, count: half, text: text.subarray(0, end) },
    { segment, firstLine: firstLine + half, count: count - half, text: text.subarray(end + 1) },
  ]
}
