import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import type { Limiter } from '../../governance/limiter.ts'
import type { LeaseStore } from '../../leadership/lease-store.ts'
import { createRedisLeases } from '../leases/redis-leases.ts'
import { InProcessLimiter } from '../limits/in-process-limiter.ts'
import { RedisLimiter } from '../limits/redis-limiter.ts'
import { CallBreaker, type CallBreakerLimits } from './call-breaker.ts'
import { InProcessState } from './in-process-state.ts'
import { Patience } from './patience.ts'
import type { CounterIncrement, IncrementResult, SharedState, Unsubscribe } from './shared-state.ts'

const connectTimeoutMs = 1_000
const commandTimeoutMs = 50
const maxReconnectDelayMs = 2_000
/** Longer values are not kept in this process while Redis is away: an outage must not fill its memory. */
const maxLocalLength = 4_096

/** KEYS: the counters. ARGV: by, ttlMs, limit (-1: none) for each. Answers the refusing index from 1 (0: none), then the values as text. */
const incrementScript = `
local before, answer = {}, { 0 }
for i, key in ipairs(KEYS) do
  local by, limit = tonumber(ARGV[i * 3 - 2]), tonumber(ARGV[i * 3])
  before[i] = tonumber(redis.call('GET', key) or '0')
  if answer[1] == 0 and limit >= 0 and by > 0 and before[i] + by > limit then answer[1] = i end
end
for i, key in ipairs(KEYS) do
  local value = before[i]
  if answer[1] == 0 then
    value = math.max(0, value + tonumber(ARGV[i * 3 - 2]))
    local text = string.format('%.0f', value)
    if redis.call('EXISTS', key) == 1 then redis.call('SET', key, text, 'KEEPTTL')
    elseif value > 0 then redis.call('SET', key, text, 'PX', ARGV[i * 3 - 1]) end
  end
  answer[i + 1] = string.format('%.0f', value)
end
return answer`

/** What a Redis says of itself, in its own words. */
export interface RedisDescription {
  /** `name:value` lines in sections. */
  readonly info: string
  /** A line of `name=value` for each client. */
  readonly clients: string
}

export interface RedisStateOptions {
  readonly url: string
  /** When it is left alone; absent after five failures, for a minute. */
  readonly breaker?: CallBreakerLimits
  /** Milliseconds. */
  readonly now: () => number
}

/**
 * Shared state in Redis. A slow or absent Redis never fails or delays a caller by more than 50 ms: the call is
 * then served by this process alone, and after some failures in a row Redis is left alone for a while.
 */
export class RedisState implements SharedState {
  /** Counts against limits on the same connection, and with the same patience. */
  readonly limiter: Limiter
  /** On the same connection, and without this process in Redis's place. */
  readonly leases: LeaseStore
  readonly #origin = randomUUID()
  readonly #commands: Redis
  readonly #subscriptions: Redis
  readonly #local: InProcessState
  readonly #breaker: CallBreaker
  readonly #patience = new Patience(commandTimeoutMs)

  private constructor(commands: Redis, subscriptions: Redis, { breaker, now }: RedisStateOptions) {
    this.#commands = commands
    this.#subscriptions = subscriptions
    this.#local = new InProcessState(now)
    this.#breaker = new CallBreaker(now, breaker)
    this.limiter = new RedisLimiter(
      commands,
      (shared, local) => this.#attempt(shared, local),
      new InProcessLimiter(now),
    )
    this.leases = createRedisLeases(commands)
    // A connection that came back proves more than the failures before it.
    commands.on('ready', () => this.#breaker.recordSuccess())
    subscriptions.on('message', (channel: string, text: string) => this.#deliver(channel, text))
  }

  /** Resolves once connected, or after a second in local mode; the connection is then made in the background. */
  static async open(options: RedisStateOptions): Promise<RedisState> {
    const commands = createClient(options.url, {
      enableOfflineQueue: false,
    })
    const subscriptions = createClient(options.url, { enableOfflineQueue: true })
    const state = new RedisState(commands, subscriptions, options)
    await Promise.race([
      Promise.all([becomesReady(commands), becomesReady(subscriptions)]),
      delay(connectTimeoutMs),
    ])
    return state
  }

  /** False while calls are served by this process alone. */
  get isShared(): boolean {
    return this.#commands.status === 'ready' && !this.#breaker.isOpen
  }

  /** Null where it does not answer, or does not tell. Neither says that it is of no use. */
  async describe(): Promise<RedisDescription | null> {
    try {
      const [info, clients] = await this.#patience.await(
        Promise.all([this.#commands.info(), this.#commands.client('LIST')]),
      )
      return { info, clients: String(clients) }
    } catch {
      return null
    }
  }

  get(key: string): Promise<string | null> {
    return this.#attempt(
      () => this.#commands.get(key),
      () => this.#local.get(key),
    )
  }

  set(key: string, value: string, ttlMs: number): Promise<void> {
    return this.#attempt(
      async () => void (await this.#commands.set(key, value, 'PX', Math.max(1, Math.round(ttlMs)))),
      async () => {
        if (value.length <= maxLocalLength) await this.#local.set(key, value, ttlMs)
      },
    )
  }

  delete(key: string): Promise<void> {
    return this.#attempt(
      async () => void (await this.#commands.del(key)),
      () => this.#local.delete(key),
    )
  }

  increment(increments: readonly CounterIncrement[]): Promise<IncrementResult> {
    return this.#attempt(
      () => this.#incrementShared(increments),
      () => this.#local.increment(increments),
    )
  }

  async publish(channel: string, message: string): Promise<void> {
    await this.#local.publish(channel, message)
    await this.#attempt(
      async () => void (await this.#commands.publish(channel, `${this.#origin} ${message}`)),
      async () => {},
    )
  }

  async subscribe(channel: string, listener: (message: string) => void): Promise<Unsubscribe> {
    const unsubscribe = await this.#local.subscribe(channel, listener)
    const subscribed = this.#subscriptions.subscribe(channel)
    // Offline, the subscription is queued and made on connection; a failure leaves local delivery.
    await Promise.race([subscribed, delay(connectTimeoutMs)]).catch(() => {})
    return unsubscribe
  }

  async close(): Promise<void> {
    this.#commands.disconnect()
    this.#subscriptions.disconnect()
    await this.#local.close()
  }

  async #attempt<Result>(shared: () => Promise<Result>, local: () => Promise<Result>): Promise<Result> {
    if (!this.#breaker.admits()) return local()
    try {
      const result = await this.#patience.await(shared())
      this.#breaker.recordSuccess()
      return result
    } catch {
      this.#breaker.recordFailure()
      return local()
    }
  }

  async #incrementShared(increments: readonly CounterIncrement[]): Promise<IncrementResult> {
    const keys = increments.map(({ key }) => key)
    const details = increments.flatMap(({ by, ttlMs, limit }) => [
      by,
      Math.max(1, Math.round(ttlMs)),
      limit ?? -1,
    ])
    const answer = await this.#commands.eval(incrementScript, keys.length, ...keys, ...details)
    const [refused, ...values] = (answer as (number | string)[]).map(Number)
    return { refusedBy: refused === undefined || refused === 0 ? null : refused - 1, values }
  }

  /** Messages are `<origin> <text>`; our own were delivered when they were published. */
  #deliver(channel: string, text: string): void {
    const space = text.indexOf(' ')
    if (text.slice(0, space) !== this.#origin) void this.#local.publish(channel, text.slice(space + 1))
  }
}

function createClient(url: string, options: { enableOfflineQueue: boolean }): Redis {
  const client = new Redis(url, {
    ...options,
    connectTimeout: connectTimeoutMs,
    maxRetriesPerRequest: null,
    // A command whose caller was already served locally must not run later as well.
    autoResendUnfulfilledCommands: false,
    retryStrategy: (attempt) => Math.min(maxReconnectDelayMs, 50 * 2 ** Math.min(attempt, 10)),
  })
  // Failures show in the calls; without a listener each would be printed to the console.
  client.on('error', () => {})
  return client
}

const becomesReady = (client: Redis): Promise<void> =>
  new Promise((resolve) => client.once('ready', () => resolve()))

const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref())
