import type { Usage } from '../conversation/usage.ts'
import type { AdjustedCost } from '../pricing/adjust-cost.ts'
import type { Progress, RoundBill } from './progress.ts'

/** What all calls behind one answer used and cost together. Unknown parts count as nothing beside known ones. */
export function totalBill(progress: Progress): RoundBill {
  return progress.rounds.reduceRight(add, lastBill(progress))
}

/** What the last call used and cost. */
export function lastBill({ usage, costPico, costParts }: Progress): RoundBill {
  return { usage, total: costPico, parts: costParts }
}

function add(sum: RoundBill, round: RoundBill): RoundBill {
  return {
    usage: addUsage(sum.usage, round.usage),
    total: sum.total === null ? round.total : sum.total + (round.total ?? 0n),
    parts: addParts(sum.parts, round.parts),
  }
}

function addUsage(sum: Usage | null, usage: Usage | null): Usage | null {
  if (sum === null || usage === null) return sum ?? usage
  return {
    inputTokens: sum.inputTokens + usage.inputTokens,
    outputTokens: sum.outputTokens + usage.outputTokens,
    cacheReadTokens: sum.cacheReadTokens + usage.cacheReadTokens,
    cacheWriteTokens: sum.cacheWriteTokens + usage.cacheWriteTokens,
    cacheWriteOneHourTokens: sum.cacheWriteOneHourTokens + usage.cacheWriteOneHourTokens,
    reasoningTokens: sum.reasoningTokens + usage.reasoningTokens,
    audioInputTokens: sum.audioInputTokens + usage.audioInputTokens,
    audioOutputTokens: sum.audioOutputTokens + usage.audioOutputTokens,
    searchCalls: sum.searchCalls + usage.searchCalls,
  }
}

function addParts(sum: AdjustedCost | null, parts: AdjustedCost | null): AdjustedCost | null {
  if (sum === null || parts === null) return sum ?? parts
  return {
    gross: sum.gross + parts.gross,
    discount: sum.discount + parts.discount,
    margin: sum.margin + parts.margin,
    total: sum.total + parts.total,
  }
}
