import { type JsonRecord, readNumber, readRecord, readRecords } from '../../conversation/json-value.ts'
import { type Usage, zeroUsage } from '../../conversation/usage.ts'

/** Counts of Converse, which excludes cached and cache-written tokens from `inputTokens`. Null without counts. */
export function decodeUsage(value: unknown): Usage | null {
  const usage = readRecord(value)
  if (usage === null) return null
  const input = readNumber(usage['inputTokens'])
  const output = readNumber(usage['outputTokens'])
  if (input === null && output === null) return null
  const cacheReadTokens = count(usage, 'cacheReadInputTokens', 'cacheReadInputTokenCount')
  const cacheWriteTokens = count(usage, 'cacheWriteInputTokens', 'cacheWriteInputTokenCount')
  const oneHour = readRecords(usage['cacheDetails']).filter(({ ttl }) => ttl === '1h')
  return {
    ...zeroUsage,
    inputTokens: (input ?? 0) + cacheReadTokens + cacheWriteTokens,
    outputTokens: output ?? 0,
    cacheReadTokens,
    cacheWriteTokens,
    cacheWriteOneHourTokens: oneHour.reduce((sum, detail) => sum + count(detail, 'inputTokens'), 0),
  }
}

function count(record: JsonRecord, ...names: readonly string[]): number {
  for (const name of names) {
    const value = readNumber(record[name])
    if (value !== null) return value
  }
  return 0
}
