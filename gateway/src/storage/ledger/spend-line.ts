import type { Usage } from '../../conversation/usage.ts'
import type { SpendRow } from './spend-row.ts'

/** Changes when the order or meaning of the members does; older lines must stay readable. */
const lineVersion = 1

const usageFields = [
  'inputTokens',
  'outputTokens',
  'cacheReadTokens',
  'cacheWriteTokens',
  'cacheWriteOneHourTokens',
  'reasoningTokens',
  'audioInputTokens',
  'audioOutputTokens',
  'searchCalls',
] as const satisfies readonly (keyof Usage)[]

/**
 * One journal line without its line feed: a JSON array, the version first, then the members in a fixed order.
 * An array and one native serialisation, because this runs once per request.
 */
export function formatSpendLine(row: SpendRow): string {
  const { usage } = row
  return JSON.stringify([
    lineVersion,
    row.requestId,
    row.attempt,
    row.callType,
    row.dialect,
    row.startedAt,
    row.firstTokenAt,
    row.endedAt,
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
    row.costNanoUsd === null ? null : row.costNanoUsd.toString(),
    row.cacheHit,
    row.strategy,
    row.retries,
    row.fallbacks,
    row.sessionId,
    row.clientIpHash,
  ])
}

/** Null for anything that is not a whole line of a known version: a torn write, or a file somebody edited. */
export function parseSpendLine(line: string): SpendRow | null {
  const members = parseArray(line)
  if (members === null || members[0] !== lineVersion || members.length !== 31) return null
  const [, requestId, attempt, callType, dialect, startedAt, firstTokenAt, endedAt, keyHash, userId, teamId] =
    members
  const [organizationId, endUser, tags, requestedModel, modelGroup, deploymentId, provider, upstreamModel] =
    members.slice(11)
  const [apiBase, status, errorCode, usage, estimated, cost, cacheHit, strategy, retries, fallbacks] =
    members.slice(19)
  const [sessionId, clientIpHash] = members.slice(29)
  if (typeof requestId !== 'string' || typeof startedAt !== 'number' || typeof endedAt !== 'number')
    return null
  // The members were written by formatSpendLine of the same version, so their types are those of the row.
  return {
    requestId,
    attempt,
    callType,
    dialect,
    startedAt,
    firstTokenAt,
    endedAt,
    keyHash,
    userId,
    teamId,
    organizationId,
    endUser,
    tags,
    requestedModel,
    modelGroup,
    deploymentId,
    provider,
    upstreamModel,
    apiBase,
    status,
    errorCode,
    estimated,
    cacheHit,
    strategy,
    retries,
    fallbacks,
    sessionId,
    clientIpHash,
    usage: usage === null ? null : parseUsage(usage as number[]),
    costNanoUsd: cost === null ? null : BigInt(cost as string),
  } as SpendRow
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

function parseUsage(counts: readonly number[]): Usage {
  return Object.fromEntries(
    usageFields.map((field, index) => [field, counts[index] ?? 0]),
  ) as unknown as Usage
}

function parseArray(line: string): unknown[] | null {
  try {
    const value: unknown = JSON.parse(line)
    return Array.isArray(value) ? value : null
  } catch {
    return null
  }
}
