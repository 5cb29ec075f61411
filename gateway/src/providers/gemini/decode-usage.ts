import { readNumber, readRecord, readRecords, readString } from '../../conversation/json-value.ts'
import { withServiceTier } from '../../conversation/service-tier.ts'
import type { Usage } from '../../conversation/usage.ts'

/**
 * `usageMetadata` of an answer. The prompt includes cached tokens; thinking is counted apart from the candidates, and
 * the results of the provider's own tools apart from the prompt. Null when there are no counts.
 */
export function decodeUsage(value: unknown): Usage | null {
  const usage = readRecord(value)
  if (usage === null) return null
  const count = (name: string): number => readNumber(usage[name]) ?? 0
  const prompt = readNumber(usage['promptTokenCount'])
  if (prompt === null && readNumber(usage['totalTokenCount']) === null) return null
  const reasoningTokens = count('thoughtsTokenCount')
  const counts = {
    inputTokens: (prompt ?? 0) + count('toolUsePromptTokenCount'),
    outputTokens: count('candidatesTokenCount') + reasoningTokens,
    cacheReadTokens: count('cachedContentTokenCount'),
    cacheWriteTokens: 0,
    cacheWriteOneHourTokens: 0,
    reasoningTokens,
    audioInputTokens: audioTokens(usage['promptTokensDetails']),
    audioOutputTokens: audioTokens(usage['candidatesTokensDetails']),
    searchCalls: 0,
  }
  return withServiceTier(
    counts,
    usage['serviceTier'] ?? readString(usage['trafficType'])?.replace('ON_DEMAND_', ''),
  )
}

function audioTokens(details: unknown): number {
  const audio = readRecords(details).find((detail) => detail['modality'] === 'AUDIO')
  return readNumber(audio?.['tokenCount']) ?? 0
}
