import type { Usage } from '../../conversation/usage.ts'
import type { SpendRow } from './spend-row.ts'

/** Changes when the members do. New ones are added at the end, for lines of older versions stay readable. */
const lineVersion = 3
/** Version → members of a line, the version included. */
export const lineLengths: ReadonlyMap<unknown, number> = new Map([
  [1, 31],
  [2, 35],
  [lineVersion, 36],
])

/**
 * One journal line without its line feed: a JSON array, the version first, then the members in a fixed order,
 * free of characters that PostgreSQL has no form for. An array and one native serialisation, because this runs
 * once per request. `insertLinesStatement` reads the members by position.
 */
export function formatSpendLine(row: SpendRow): string {
  const { usage } = row
  const line = JSON.stringify([
    lineVersion,
    row.requestId,
    row.attempt,
    row.callType,
    row.dialect,
    Math.floor(row.startedAt),
    row.firstTokenAt === null ? null : Math.floor(row.firstTokenAt),
    Math.floor(row.endedAt),
    row.keyHash,
    row.userId,
    row.teamId,
    row.organizationId,
    row.endUser,
    row.tags,
    row.requestedModel,
    row.modelGroup,
    row.deploymentId,
    row.provider,
    row.upstreamModel,
    row.apiBase,
    row.status,
    row.errorCode,
    usage === null ? null : formatUsage(usage),
    row.estimated,
    formatNano(row.costNanoUsd),
    row.cacheHit,
    row.strategy,
    row.retries,
    row.fallbacks,
    row.sessionId,
    row.clientIpHash,
    formatNano(row.grossNanoUsd),
    formatNano(row.discountNanoUsd),
    formatNano(row.marginNanoUsd),
    usage?.serviceTier ?? null,
    row.workspaceId,
  ])
  return line.includes('\\u') ? cleanSpendLine(line) : line
}

/** Replaces the escapes of NUL and of lone surrogates, which PostgreSQL's jsonb refuses, by U+FFFD. */
export function cleanSpendLine(line: string): string {
  // Every escape is matched, so that the text \u0000 behind an escaped backslash stays what it is.
  return line.replace(/\\(?:u0000|ud[89a-f][0-9a-f]{2}|.)/g, (found) =>
    found.length === 2 ? found : '\uFFFD',
  )
}

/** False for anything that is not a whole line of a known version: a torn write, or a file somebody edited. */
export function isSpendLine(line: string): boolean {
  try {
    const members: unknown = JSON.parse(line)
    return Array.isArray(members) && lineLengths.get(members[0]) === members.length
  } catch {
    return false
  }
}

function formatNano(amount: bigint | null): string | null {
  return amount === null ? null : amount.toString()
}

function formatUsage(usage: Usage): number[] {
  return [
    usage.inputTokens,
    usage.outputTokens,
    usage.cacheReadTokens,
    usage.cacheWriteTokens,
    usage.cacheWriteOneHourTokens,
    usage.reasoningTokens,
    usage.audioInputTokens,
    usage.audioOutputTokens,
    usage.searchCalls,
  ]
}
