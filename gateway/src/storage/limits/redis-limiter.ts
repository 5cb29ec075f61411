import type { Redis } from 'ioredis'
import {
  type AsyncLimiter,
  type BudgetClaim,
  type Claim,
  leaseMs,
  type Settlement,
  type Standing,
  type Verdict,
} from '../../governance/limiter.ts'
import type { InProcessLimiter } from './in-process-limiter.ts'

/**
 * Keys of a claim: a window has `{subject}:window`, which lives as long as the window, and its counter; what is held has
 * a hash (spent, held, and the amount of each request) and a sorted set of requests by the end of their lease.
 */
const expireHolds = `
local function expire(account, leases, now)
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', now)) do
    local amount = tonumber(redis.call('HGET', account, id) or '0')
    redis.call('HINCRBY', account, ' held', string.format('%.0f', -amount))
    redis.call('HDEL', account, id)
    redis.call('ZREM', leases, id)
  end
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`

/**
 * KEYS: two a claim. ARGV: request id, lease, then kind, amount, limit, lifetime and known spend ('' for none) of each
 * claim. Answers the refusing index from 1 (0: none), then used, held and milliseconds to the end for each claim; used is
 * -1 where spend is unknown.
 */
const claimScript = `${expireHolds}
local id, lease = ARGV[1], tonumber(ARGV[2])
local refused, unknown, claims = 0, false, {}
for i = 1, #KEYS / 2 do
  local at = i * 5 - 2
  local kind, amount, limit = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local life, known = tonumber(ARGV[at + 3]), ARGV[at + 4]
  local main, side = KEYS[i * 2 - 1], KEYS[i * 2]
  local claim = { kind = kind, amount = amount, main = main, side = side, used = 0, held = 0, left = 0, life = life }
  local over
  if kind == 'requests' or kind == 'tokens' then
    claim.left = redis.call('PTTL', main)
    claim.isNew = claim.left <= 0
    if claim.isNew then claim.left = life
    else claim.used = tonumber(redis.call('GET', side) or '0') end
    over = claim.used + amount > limit and (kind == 'requests' or claim.used > 0 or limit <= 0)
  else
    expire(main, side, now)
    local values = redis.call('HMGET', main, ' spent', ' held')
    claim.held = tonumber(values[2] or '0')
    if kind == 'slot' then
      over = claim.held + 1 > limit
    else
      if not values[1] and known ~= '' then
        redis.call('HSET', main, ' spent', known)
        redis.call('PEXPIRE', main, life)
        values[1] = known
      end
      if values[1] then
        claim.used = tonumber(values[1])
        over = claim.used + claim.held + amount > limit
        if kind == 'budget' then over = over and (claim.held > 0 or claim.used >= limit) end
      else
        claim.used = -1
        unknown = true
      end
    end
  end
  if over and refused == 0 then refused = i end
  claims[i] = claim
end
local answer = { unknown and 0 or refused }
for i, claim in ipairs(claims) do
  if refused == 0 and not unknown then
    if claim.kind == 'requests' or claim.kind == 'tokens' then
      if claim.isNew then redis.call('SET', claim.main, now, 'PX', claim.left) end
      claim.used = claim.used + claim.amount
      redis.call('SET', claim.side, string.format('%.0f', claim.used), 'PX', claim.left)
    else
      claim.held = claim.held + claim.amount
      redis.call('HSET', claim.main, id, string.format('%.0f', claim.amount), ' held', string.format('%.0f', claim.held))
      redis.call('ZADD', claim.side, now + lease, id)
      local life = math.max(claim.life, lease * 2)
      redis.call('PEXPIRE', claim.main, life)
      redis.call('PEXPIRE', claim.side, life)
    end
  end
  answer[i * 3 - 1] = string.format('%.0f', claim.used)
  answer[i * 3] = string.format('%.0f', claim.held)
  answer[i * 3 + 1] = claim.left
end
return answer`

/** KEYS: two a settlement. ARGV: request id, then kind and amount of each. */
const settleScript = `
local id = ARGV[1]
for i = 1, #KEYS / 2 do
  local kind, amount = ARGV[i * 2], tonumber(ARGV[i * 2 + 1])
  local main, side = KEYS[i * 2 - 1], KEYS[i * 2]
  if kind == 'window' then
    local used = redis.call('GET', side)
    if used then
      redis.call('SET', side, string.format('%.0f', math.max(0, tonumber(used) + amount)), 'KEEPTTL')
    end
  else
    local held = redis.call('HGET', main, id)
    if held then
      redis.call('HINCRBY', main, ' held', string.format('%.0f', -tonumber(held)))
      redis.call('HDEL', main, id)
      redis.call('ZREM', side, id)
    end
    if amount ~= 0 and redis.call('HEXISTS', main, ' spent') == 1 then
      redis.call('HINCRBY', main, ' spent', string.format('%.0f', amount))
    end
  end
end
return 0`

const raiseScript = `
local spent = redis.call('HGET', KEYS[1], ' spent')
if spent and tonumber(spent) < tonumber(ARGV[1]) then redis.call('HSET', KEYS[1], ' spent', ARGV[1]) end
return 0`

interface ScriptedRedis extends Redis {
  routeiqClaim(...args: (string | number)[]): Promise<(string | number)[]>
  routeiqSettle(...args: (string | number)[]): Promise<unknown>
  routeiqRaise(...args: (string | number)[]): Promise<unknown>
}

/** Runs what Redis would do, and the second when Redis does not answer in time. */
export type Attempt = <Result>(shared: () => Promise<Result>, local: () => Promise<Result>) => Promise<Result>

/** The limiter of all replicas. While Redis is away every process counts on from what it saw last. */
export class RedisLimiter implements AsyncLimiter {
  readonly #redis: ScriptedRedis
  readonly #attempt: Attempt
  readonly #local: InProcessLimiter

  constructor(redis: Redis, attempt: Attempt, local: InProcessLimiter) {
    redis.defineCommand('routeiqClaim', { lua: claimScript })
    redis.defineCommand('routeiqSettle', { lua: settleScript })
    redis.defineCommand('routeiqRaise', { lua: raiseScript, numberOfKeys: 1 })
    this.#redis = redis as ScriptedRedis
    this.#attempt = attempt
    this.#local = local
  }

  claim(id: string, claims: readonly Claim[]): Promise<Verdict> {
    return this.#attempt(
      async () => {
        const answer = await this.#redis.routeiqClaim(...claimArguments(id, claims))
        const verdict = readVerdict(answer, claims.length)
        this.#local.observe(claims, verdict)
        return verdict
      },
      async () => ({ ...this.#local.claim(id, claims), isAlone: true }),
    )
  }

  settle(id: string, settlements: readonly Settlement[]): Promise<void> {
    const keys = settlements.flatMap(({ kind, subject }) =>
      keysOf(kind === 'window' ? 'tokens' : kind, subject),
    )
    const amounts = settlements.flatMap(({ kind, amount }) => [kind, amount])
    return this.#attempt(
      async () => void (await this.#redis.routeiqSettle(keys.length, ...keys, id, ...amounts)),
      async () => this.#local.settle(id, settlements),
    )
  }

  renew(id: string, subjects: readonly string[]): Promise<void> {
    const renewAll = async (): Promise<void> => {
      // XX: what was settled in between stays settled.
      const renewals = subjects.map((subject) =>
        this.#redis.zadd(`{${subject}}:leases`, 'XX', Date.now() + leaseMs, id),
      )
      await Promise.all(renewals)
    }
    return this.#attempt(renewAll, () => this.#local.renew(id))
  }

  raiseSpent(subject: string, spent: number): Promise<void> {
    return this.#attempt(
      async () => void (await this.#redis.routeiqRaise(`{${subject}}:account`, spent)),
      () => this.#local.raiseSpent(subject, spent),
    )
  }
}

function claimArguments(id: string, claims: readonly Claim[]): (string | number)[] {
  const keys = claims.flatMap((claim) =>
    keysOf(claim.kind === 'window' ? claim.metric : claim.kind, claim.subject),
  )
  const details = claims.flatMap((claim): (string | number)[] => {
    if (claim.kind === 'window') return [claim.metric, claim.amount, claim.limit, claim.windowMs, '']
    if (claim.kind === 'slot') return ['slot', 1, claim.limit, 2 * leaseMs, '']
    return [claim.kind, claim.amount, claim.limit, claim.keepMs, claim.spent ?? '']
  })
  return [keys.length, ...keys, id, leaseMs, ...details]
}

/** The names of a window are those a fleet of LiteLLM uses. */
function keysOf(
  kind: 'requests' | 'tokens' | 'slot' | BudgetClaim['kind'],
  subject: string,
): [string, string] {
  if (kind === 'requests' || kind === 'tokens') return [`{${subject}}:window`, `{${subject}}:${kind}`]
  return [`{${subject}}:${kind === 'slot' ? 'max_parallel_requests' : 'account'}`, `{${subject}}:leases`]
}

function readVerdict(answer: readonly (string | number)[], count: number): Verdict {
  const [refused = 0, ...numbers] = answer.map(Number)
  const at = (index: number, part: number): number => numbers[index * 3 + part] ?? 0
  const unknown: number[] = []
  const standings: Standing[] = []
  for (let index = 0; index < count; index += 1) {
    if (at(index, 0) < 0) unknown.push(index)
    standings.push({ used: Math.max(0, at(index, 0)), held: at(index, 1), resetsInMs: at(index, 2) })
  }
  return { refusedBy: refused === 0 ? null : refused - 1, unknown, standings }
}
