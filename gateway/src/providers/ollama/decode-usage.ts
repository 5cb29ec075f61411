import { readNumber, readRecord } from '../../conversation/json-value.ts'
import { type Usage, zeroUsage } from '../../conversation/usage.ts'

/** Counts of a last chunk. Null without `prompt_eval_count`: half a count would be taken for the whole. */
export function decodeUsage(value: unknown): Usage | null {
  const chunk = readRecord(value)
  const inputTokens = readNumber(chunk?.['prompt_eval_count'])
  if (inputTokens === null) return null
  return { ...zeroUsage, inputTokens, outputTokens: readNumber(chunk?.['eval_count']) ?? 0 }
}
