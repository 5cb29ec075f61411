import { SpendLineWriter } from './spend-line.ts'
import type { SpendLines, SpendRow } from './spend-row.ts'

/** The rows as the lines 0, 1, … of a segment. */
export function spendLines(...rows: readonly SpendRow[]): SpendLines {
  return linesOf(rows.map(formatSpendLine).join('\n'))
}

/** One line without its line feed. */
export function formatSpendLine(row: SpendRow): string {
  const lines = new SpendLineWriter()
  lines.write(row)
  return lines.written.toString().slice(0, -1)
}

export function linesOf(text: string): SpendLines {
  return { segment: 'segment', firstLine: 0, count: text.split('\n').length, text: Buffer.from(text) }
}

export const readRequestId = (line: string): string => JSON.parse(line)[1]
