import { isRefusedData } from '../database/database-error.ts'
import { halveLines } from './segment-lines.ts'
import { cleanSpendLine, isSpendLine } from './spend-line.ts'
import type { SpendLines } from './spend-row.ts'

export type InsertLines = (lines: SpendLines) => Promise<void>

/** Few enough to be read here without holding the event loop up. */
const readableLines = 16

/**
 * Stores what the database accepts and returns how many lines are damaged or refused. Whole batches go unread;
 * one with a bad line is halved until few lines are left, and those are read and stored one by one.
 */
export async function storeLines(lines: SpendLines, insert: InsertLines): Promise<number> {
  if (await isAccepted(lines, insert)) return 0
  if (lines.count <= readableLines) return storeEach(lines, insert)
  const [first, second] = halveLines(lines)
  return (await storeLines(first, insert)) + (await storeLines(second, insert))
}

async function storeEach({ segment, firstLine, text }: SpendLines, insert: InsertLines): Promise<number> {
  let refused = 0
  for (const [index, line] of text.toString().split('\n').entries()) {
    if (!isSpendLine(line)) refused += 1
    else {
      const clean = Buffer.from(cleanSpendLine(line))
      const single = { segment, firstLine: firstLine + index, count: 1, text: clean }
      if (!(await isAccepted(single, insert))) refused += 1
    }
  }
  return refused
}

async function isAccepted(lines: SpendLines, insert: InsertLines): Promise<boolean> {
  try {
    await insert(lines)
    return true
  } catch (error) {
    if (isRefusedData(error)) return false
    throw error
  }
}
