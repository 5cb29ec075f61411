import { createHash } from 'node:crypto'
import { isGatewayMember } from '../conversation/gateway-members.ts'

export const keyPrefix = 'routeiq:cache:v1:'

/** Members that say how an answer is delivered or for whom, and not what it is. */
const notOfTheAnswer = new Set(['stream', 'stream_options', 'user', 'metadata', 'safety_identifier'])

/** Who shares answers with whom. */
export interface CacheScope {
  readonly scope: 'principal' | 'team' | 'global'
  readonly userId: string | null
  readonly teamId: string | null
  readonly keyHash: string | null
}

/**
 * The name of an answer: the same for requests that differ in nothing that matters. Everything the caller sends counts,
 * known here or not, apart from how and for whom it is sent.
 */
export function cacheKey(
  who: CacheScope,
  request: {
    readonly dialect: string
    readonly operation: string
    readonly model: string
    readonly namespace: string | null
    readonly body: Readonly<Record<string, unknown>>
  },
): string {
  const { dialect, operation, model, namespace, body } = request
  const members = Object.entries(body).filter(
    ([name]) => name !== 'model' && !notOfTheAnswer.has(name) && !isGatewayMember(name),
  )
  const text = canonicalText([dialect, operation, model, namespace, Object.fromEntries(members)])
  return `${keyPrefix}${scopeText(who)}:${createHash('sha256').update(text).digest('hex')}`
}

function scopeText({ scope, userId, teamId, keyHash }: CacheScope): string {
  if (scope === 'global') return '_:_'
  const team = teamId === null ? '_' : encodeURIComponent(teamId)
  if (scope === 'team' && teamId !== null) return `_:${team}`
  if (userId === null && teamId === null) return `key-${keyHash ?? 'admin'}:_`
  return `${userId === null ? '_' : encodeURIComponent(userId)}:${team}`
}

/** JSON with the members of objects in one order, and numbers to ten places. */
function canonicalText(value: unknown): string {
  if (typeof value === 'number') return String(Number(value.toFixed(10)))
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null)
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalText(member)}`).join(',')}}`
}
