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
 * a hash (spent, held, until when it is kept, and the amount of each request) and a sorted set of requests by the end of their
 * lease.
 *
 * KEYS: two a claim. ARGV: request id, lease, then kind, amount, limit, lifetime and known spend ('' for none) of each
 * claim. Answers the refusing index from 1 (0: none), then used, held and milliseconds to the end for each claim; used is
 * -1 where spend is unknown. Every request waits for it, and each call in it takes a microsecond or more: where nothing is held no
 * lease is looked for, and what is kept for long is prolonged once a minute.
 */
const claimScript = `
local call = redis.call
local id, lease = ARGV[1], tonumber(ARGV[2])
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local refused, unknown, claims, previous = 0, false, {}, nil
for i = 1, #KEYS / 2 do
  local at = i * 5 - 2
  local kind, amount, limit = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local life, known = tonumber(ARGV[at + 3]), ARGV[at + 4]
  local main, side = KEYS[i * 2 - 1], KEYS[i * 2]
  local claim = { kind = kind, amount = amount, main = main, side = side, used = 0, held = 0, left = 0, life = life }
  local over
  if kind == 'requests' or kind == 'tokens' then
    claim.isWindow = true
    if previous and previous.isWindow and previous.main == main then
      claim.left, claim.isOver = previous.left, previous.isOver
    else
      claim.left = call('PTTL', main)
      claim.isOver = claim.left <= 0
      if claim.isOver then claim.left = life end
    end
    if not claim.isOver then
      local used = call('GET', side)
      if used then claim.used, claim.isCounted = tonumber(used), true end
    end
    over = claim.used + amount > limit and (kind == 'requests' or claim.used > 0 or limit <= 0)
  else
    local values = call('HMGET', main, ' spent', ' held', ' until')
    claim.held, claim.keptUntil = tonumber(values[2] or '0'), tonumber(values[3] or '0')
    if claim.held ~= 0 then
      for _, dead in ipairs(call('ZRANGEBYSCORE', side, '-inf', now)) do
        local freed = tonumber(call('HGET', main, dead) or '0')
        if freed ~= 0 then claim.held = call('HINCRBY', main, ' held', string.format('%.0f', -freed)) end
        call('HDEL', main, dead)
        call('ZREM', side, dead)
      end
    end
    if kind == 'slot' then
      over = claim.held + 1 > limit
    else
      if not values[1] and known ~= '' then
        call('HSET', main, ' spent', known)
        call('PEXPIRE', main, life)
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
  claims[i], previous = claim, claim
end
local answer = { unknown and 0 or refused }
local begun
for i, claim in ipairs(claims) do
  if refused == 0 and not unknown then
    if claim.isWindow then
      if claim.isOver and begun ~= claim.main then
        call('SET', claim.main, now, 'PX', claim.left)
        begun = claim.main
      end
      claim.used = claim.used + claim.amount
      local amount = string.format('%.0f', claim.amount)
      if claim.isCounted then call('INCRBY', claim.side, amount)
      else call('SET', claim.side, amount, 'PX', claim.left) end
    else
      local life = math.max(claim.life, lease * 2)
      local isFirst = claim.held == 0
      local isDue = claim.keptUntil < now + life
      local keep = life + 60000
      local amount = string.format('%.0f', claim.amount)
      claim.held = claim.held + claim.amount
      local held = string.format('%.0f', claim.held)
      if isDue then
        call('HSET', claim.main, id, amount, ' held', held, ' until', string.format('%.0f', now + keep))
        call('PEXPIRE', claim.main, keep)
      else
        call('HSET', claim.main, id, amount, ' held', held)
      end
      call('ZADD', claim.side, now + lease, id)
      if isFirst or isDue then call('PEXPIRE', claim.side, keep) end
    end
  end
  answer[i * 3 - 1] = claim.used
  answer[i * 3] = claim.held
  answer[i * 3 + 1] = claim.left
end
return answer`

/** KEYS: two a settlement. ARGV: request id, then kind and amount of each. */
const settleScript = `
local call = redis.call
local id = ARGV[1]
for i = 1, #KEYS / 2 do
  local kind, amount = ARGV[i * 2], tonumber(ARGV[i * 2 + 1])
  local main, side = KEYS[i * 2 - 1], KEYS[i * 2]
  if kind == 'window' then
    local used = call('GET', side)
    if used then
      if tonumber(used) + amount < 0 then call('SET', side, '0', 'KEEPTTL')
      elseif amount ~= 0 then call('INCRBY', side, string.format('%.0f', amount)) end
    end
  else
    local values = call('HMGET', main, id, ' spent')
    if values[1] then
      local held = tonumber(values[1])
      if held ~= 0 then call('HINCRBY', main, ' held', string.format('%.0f', -held)) end
      call('HDEL', main, id)
      call('ZREM', side, id)
    end
    if amount ~= 0 and values[2] then call('HINCRBY', main, ' spent', string.format('%.0f', amount)) end
  end
end
return 0`

const raiseScript = `
local spent = redis.call('HGET', KEYS[1], ' spent')
if spent and tonumber(spent) < tonumber(ARGV[1]) then redis.call('HSET', KEYS[1], ' spent', ARGV[1]) end
return 0`

/** Subjects whose names are remembered. */
const maxNames = 10_000

interface ScriptedRedis extends Redis {
  routeiqClaim(args: readonly (string | number)[]): Promise<(string | number)[]>
  routeiqSettle(args: readonly (string | number)[]): Promise<unknown>
  routeiqRaise(...args: (string | number)[]): Promise<unknown>
}

/** Runs what Redis would do, and the second when Redis does not answer in time. */
export type Attempt = <Result>(shared: () => Promise<Result>, local: () => Promise<Result>) => Promise<Result>

/** The limiter of all replicas. While Redis is away every process counts on from what it saw last. */
export class RedisLimiter implements AsyncLimiter {
  readonly #redis: ScriptedRedis
  readonly #attempt: Attempt
  readonly #local: InProcessLimiter
  /** By subject. */
  readonly #names = new Map<string, KeyNames>()

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
        const answer = await this.#redis.routeiqClaim(this.#claimArguments(id, claims))
        const verdict = readVerdict(answer, claims.length)
        this.#local.observe(claims, verdict)
        return verdict
      },
      async () => ({ ...this.#local.claim(id, claims), isAlone: true }),
    )
  }

  settle(id: string, settlements: readonly Settlement[]): Promise<void> {
    return this.#attempt(
      async () => void (await this.#redis.routeiqSettle(this.#settleArguments(id, settlements))),
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

  #claimArguments(id: string, claims: readonly Claim[]): (string | number)[] {
    const parts: (string | number)[] = [2 * claims.length]
    for (const claim of claims)
      this.#addKeys(parts, claim.kind === 'window' ? claim.metric : claim.kind, claim.subject)
    parts.push(id, leaseMs)
    for (const claim of claims) {
      if (claim.kind === 'window') parts.push(claim.metric, claim.amount, claim.limit, claim.windowMs, '')
      else if (claim.kind === 'slot') parts.push('slot', 1, claim.limit, 2 * leaseMs, '')
      else parts.push(claim.kind, claim.amount, claim.limit, claim.keepMs, claim.spent ?? '')
    }
    return parts
  }

  #settleArguments(id: string, settlements: readonly Settlement[]): (string | number)[] {
    const parts: (string | number)[] = [2 * settlements.length]
    for (const { kind, subject } of settlements)
      this.#addKeys(parts, kind === 'window' ? 'tokens' : kind, subject)
    parts.push(id)
    for (const { kind, amount } of settlements) parts.push(kind, amount)
    return parts
  }

  #addKeys(parts: (string | number)[], kind: CountedKind, subject: string): void {
    let names = this.#names.get(subject)
    if (names === undefined) {
      names = nameKeys(subject)
      if (this.#names.size >= maxNames) this.#names.clear()
      this.#names.set(subject, names)
    }
    if (kind === 'requests' || kind === 'tokens') parts.push(names.window, names[kind])
    else parts.push(kind === 'slot' ? names.slots : names.account, names.leases)
  }
}

type CountedKind = 'requests' | 'tokens' | 'slot' | BudgetClaim['kind']

/** Where Redis keeps what is counted for a subject. */
interface KeyNames {
  readonly window: string
  readonly requests: string
  readonly tokens: string
  readonly slots: string
  readonly account: string
  readonly leases: string
}

/** The names of a window are those a fleet of LiteLLM uses. */
function nameKeys(subject: string): KeyNames {
  return {
    window: `{${subject}}:window`,
    requests: `{${subject}}:requests`,
    tokens: `{${subject}}:tokens`,
    slots: `{${subject}}:max_parallel_requests`,
    account: `{${subject}}:account`,
    leases: `{${subject}}:leases`,
  }
}

function readVerdict(answer: readonly (string | number)[], count: number): Verdict {
  const at = (index: number): number => Number(answer[index] ?? 0)
  const unknown: number[] = []
  const standings: Standing[] = []
  for (let index = 0; index < count; index += 1) {
    const used = at(index * 3 + 1)
    if (used < 0) unknown.push(index)
    standings.push({ used: Math.max(0, used), held: at(index * 3 + 2), resetsInMs: at(index * 3 + 3) })
  }
  const refused = at(0)
  return { refusedBy: refused === 0 ? null : refused - 1, unknown, standings }
}
