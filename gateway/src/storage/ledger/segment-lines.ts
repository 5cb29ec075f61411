import type { SpendLines } from './spend-row.ts'

const lineFeed = 0x0a
const maxLines = 1_000
const maxBytes = 512 * 1024

/**
 * Cuts a segment for inserts of up to 1 000 lines, and up to half a megabyte unless a line alone is longer. What
 * follows the last line feed is left out.
 */
export function* cutLines(segment: string, bytes: Buffer): Generator<SpendLines> {
  let firstLine = 0
  let start = 0
  for (;;) {
    const { count, end } = measureLines(bytes, start)
    if (count === 0) return
    yield { segment, firstLine, count, text: bytes.subarray(start, end) }
    firstLine += count
    start = end + 1
  }
}

/** What follows the last line feed. */
export function tornLine(bytes: Buffer): Buffer {
  return bytes.subarray(bytes.lastIndexOf(lineFeed) + 1)
}

function measureLines(bytes: Buffer, start: number): { count: number; end: number } {
  let count = 0
  let end = start - 1
  while (count < maxLines) {
    const next = bytes.indexOf(lineFeed, end + 1)
    if (next === -1 || (count > 0 && next - start > maxBytes)) break
    end = next
    count += 1
  }
  return { count, end }
}

/** Two halves of at least two lines. */
export function halveLines({ segment, firstLine, count, text }: SpendLines): [SpendLines, SpendLines] {
  const half = count >> 1
  let end = -1
  for (let line = 0; line < half; line++) end = text.indexOf(lineFeed, end + 1)
  return [
    { segment, firstLine, count: half, text: text.subarray(0, end) },
    { segment, firstLine: firstLine + half, count: count - half, text: text.subarray(end + 1) },
  ]
}
