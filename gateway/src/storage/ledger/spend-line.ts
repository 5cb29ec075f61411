import type { Usage } from '../../conversation/usage.ts'
import type { SpendRow } from './spend-row.ts'

/** Changes when the order or meaning of the members does; older lines must stay readable. */
export const lineVersion = 1
/** Members of a line, the version included. */
export const lineLength = 31

/**
 * One journal line without its line feed: a JSON array, the version first, then the members in a fixed order,
 * free of characters that PostgreSQL has no form for. Put together by hand, because this runs once per request and
 * most of its texts come again. `insertLinesStatement` reads the members by position.
 */
export function formatSpendLine(row: SpendRow): string {
  const line =
    `[${lineVersion},${JSON.stringify(row.requestId)},${row.attempt},"${row.callType}","${row.dialect}",` +
    `${Math.floor(row.startedAt)},${row.firstTokenAt === null ? null : Math.floor(row.firstTokenAt)},${Math.floor(row.endedAt)},` +
    `${quote(row.keyHash)},${quote(row.userId)},${quote(row.teamId)},${quote(row.organizationId)},` +
    `${quote(row.endUser)},${row.tags.length === 0 ? '[]' : JSON.stringify(row.tags)},` +
    `${quote(row.requestedModel)},${quote(row.modelGroup)},${quote(row.deploymentId)},${quote(row.provider)},` +
    `${quote(row.upstreamModel)},${quote(row.apiBase)},${row.status},${quote(row.errorCode)},` +
    `${row.usage === null ? null : formatUsage(row.usage)},${row.estimated},` +
    `${row.costNanoUsd === null ? null : `"${row.costNanoUsd}"`},${row.cacheHit},${quote(row.strategy)},` +
    `${row.retries},${row.fallbacks},${quote(row.sessionId)},${quote(row.clientIpHash)}]`
  return line.includes('\\u') ? cleanSpendLine(line) : line
}

const maxLiterals = 4_096
const literals = new Map<string, string>()

/** A JSON literal, remembered: names of keys, teams, models and deployments come with every row. */
function quote(text: string | null): string {
  if (text === null) return 'null'
  let literal = literals.get(text)
  if (literal === undefined) {
    if (literals.size >= maxLiterals) literals.clear()
    literal = JSON.stringify(text)
    literals.set(text, literal)
  }
  return literal
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
    return Array.isArray(members) && members[0] === lineVersion && members.length === lineLength
  } catch {
    return false
  }
}

function formatUsage(usage: Usage): string {
  return (
    `[${usage.inputTokens},${usage.outputTokens},${usage.cacheReadTokens},${usage.cacheWriteTokens},` +
    `${usage.cacheWriteOneHourTokens},${usage.reasoningTokens},${usage.audioInputTokens},${usage.audioOutputTokens},` +
    `${usage.searchCalls}]`
  )
}
