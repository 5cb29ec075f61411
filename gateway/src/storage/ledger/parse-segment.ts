import { parseSpendLine } from './spend-line.ts'
import type { SpendEntry } from './spend-row.ts'

export interface ParsedSegment {
  readonly entries: readonly SpendEntry[]
  /** Complete lines that could not be read. */
  readonly damaged: number
}

/** A last line without line feed was cut by a crash before it was settled; any other unreadable line is damage. */
export function parseSegment(id: string, text: string): ParsedSegment {
  const lines = text.split('\n')
  const torn = lines.pop() ?? ''
  const entries: SpendEntry[] = []
  let damaged = 0
  lines.forEach((line, number) => {
    const row = parseSpendLine(line)
    if (row === null) damaged += 1
    else entries.push({ entryId: `${id}:${number}`, row })
  })
  const last = torn === '' ? null : parseSpendLine(torn)
  if (last !== null) entries.push({ entryId: `${id}:${lines.length}`, row: last })
  return { entries, damaged }
}
