import type { Redis } from 'ioredis'
import type { LeaseStore } from '../../leadership/lease-store.ts'

/**
 * KEYS: the lease, its last token. ARGV: holder, milliseconds. Answers the token as text, '' while somebody else holds it.
 * Tokens are the time at which the lease changed hands, so that they grow even over a Redis that was emptied.
 */
const acquireScript = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return '' end
local token = redis.call('GET', KEYS[2])
if holder ~= ARGV[1] or not token then
  local time = redis.call('TIME')
  token = string.format('%.0f', math.max(tonumber(token or '0') + 1, time[1] * 1000 + math.floor(time[2] / 1000)))
  redis.call('SET', KEYS[2], token)
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return token`

const releaseScript = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`

/** Leases in Redis, timed by its clock. They are never kept in this process instead. */
export function createRedisLeases(redis: Redis): LeaseStore {
  const keyOf = (name: string): string => `routeiq:lease:{${name}}`
  return {
    async acquire({ name, holder, ttlMs }) {
      const key = keyOf(name)
      const token = await redis.eval(acquireScript, 2, key, `${key}:token`, holder, Math.round(ttlMs))
      return token === '' ? null : Number(token)
    },
    async release(name, holder) {
      await redis.eval(releaseScript, 1, keyOf(name), holder)
    },
  }
}
