import type { Embedder } from '@routeiq/router'
import { AnswerCache } from '../answer-cache/answer-cache.ts'
import type { GatewayConfig } from '../config/config.ts'
import type { RedisDescription, RedisState } from '../storage/shared-state/redis-state.ts'
import type { Hub } from './hub.ts'

export interface OpenedAnswerCache {
  readonly answers: AnswerCache
  /** The Redis that answers are shared in; null without one, and where it does not answer. */
  readonly describeRedis: () => Promise<RedisDescription | null>
  readonly close: () => Promise<void>
}

/** The cache of answers of this process, and what replicas share of it: in a Redis of its own, or in that of everything else. */
export async function openAnswerCache(options: {
  readonly hub: Hub
  readonly config: () => GatewayConfig
  /** Loaded when it is first asked for. */
  readonly embedder: () => Embedder
  readonly countSimilar: (result: 'hit' | 'miss') => void
  readonly now: () => number
}): Promise<OpenedAnswerCache> {
  const { hub, config, embedder, countSimilar, now } = options
  const { cache, storage } = config()
  const own =
    cache.isEnabled && cache.redisUrl !== null
      ? await openOwn(cache.redisUrl, storage.redisBreaker, now)
      : null
  const shared = own ?? (storage.redisUrl === null ? null : hub.state)
  // The first request should not wait for it.
  if (cache.isEnabled && cache.similarity !== null) embedder()
  const maxEntries = (): number => config().cache.maxEntries
  return {
    answers: new AnswerCache({ shared, maxEntries, embedder, countSimilar, now }),
    describeRedis: () => own?.describe() ?? hub.health.describeRedis(),
    close: async () => own?.close(),
  }
}

async function openOwn(
  url: string,
  breaker: GatewayConfig['storage']['redisBreaker'],
  now: () => number,
): Promise<RedisState> {
  const { RedisState } = await import('../storage/shared-state/redis-state.ts')
  return RedisState.open({ url, breaker, now })
}
