import { readNumber, readRecord } from '../../conversation/json-value.ts'
import { type Usage, zeroUsage } from '../../conversation/usage.ts'

/** Counts of an answer: what is billed, else what was read and written. Null without counts. */
export function decodeUsage(value: unknown): Usage | null {
  const usage = readRecord(value)
  const counts = readRecord(usage?.['billed_units']) ?? readRecord(usage?.['tokens'])
  const inputTokens = readNumber(counts?.['input_tokens'])
  const outputTokens = readNumber(counts?.['output_tokens'])
  if (inputTokens === null && outputTokens === null) return null
  return {
    ...zeroUsage,
    inputTokens: inputTokens ?? 0,
    outputTokens: outputTokens ?? 0,
    cacheReadTokens: Math.min(inputTokens ?? 0, readNumber(usage?.['cached_tokens']) ?? 0),
  }
}
