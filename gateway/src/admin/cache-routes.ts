import { z } from 'zod'
import type { AnswerCache } from '../answer-cache/answer-cache.ts'
import type { Endpoint } from '../http/dispatch.ts'
import type { Route } from '../http/router.ts'
import type { Identity } from '../pipeline/authenticate.ts'
import type { Runtime } from '../pipeline/model-request.ts'
import { controlEndpoint } from '../rest/control-endpoint.ts'
import type { RedisDescription } from '../storage/shared-state/redis-state.ts'

export interface CacheDependencies {
  readonly identity: Identity
  readonly runtime: () => Runtime
  readonly answers: AnswerCache
  /** Null where answers are not shared through Redis, and where it does not answer. */
  readonly describeRedis: () => Promise<RedisDescription | null>
}

const deletion = z.object({ keys: z.array(z.string()) })

/** `/admin/cache/*`, and the paths LiteLLM has for the same. */
export function cacheRoutes(deps: CacheDependencies): Route<Endpoint>[] {
  const { identity, answers } = deps
  const isEnabled = (): boolean => deps.runtime().config.cache.isEnabled
  const off = { body: { status: 'cache_not_enabled' } }
  const noCache = { status: 503, body: { detail: 'Cache not initialized. litellm.cache is None' } }
  const admin = { auth: 'admin' } as const
  const flush = async (prefix: string): Promise<object> => ({
    status: 'flushed',
    entries_removed: await answers.flush(prefix),
  })
  return [
    {
      ...{ ...admin, method: 'GET', template: '/admin/cache/stats' },
      handler: controlEndpoint({
        ...{ identity, body: null },
        answer: () => ({ body: { enabled: isEnabled(), ...describeStats(answers) } }),
      }),
    },
    {
      ...{ ...admin, method: 'GET', template: '/admin/cache/entries' },
      handler: controlEndpoint({
        ...{ identity, body: null },
        answer: ({ query }) => {
          const entries = answers.list(readLimit(query.get('limit')))
          return { body: { entries: entries.map(describeEntry), count: entries.length } }
        },
      }),
    },
    {
      ...{ ...admin, method: 'POST', template: '/admin/cache/flush' },
      handler: controlEndpoint({
        ...{ identity, body: null },
        answer: async ({ query }) => (isEnabled() ? { body: await flush(query.get('prefix') ?? '') } : off),
      }),
    },
    {
      ...{ ...admin, method: 'POST', template: '/cache/flushall' },
      handler: controlEndpoint({
        ...{ identity, body: null },
        answer: async () => (isEnabled() ? { body: await flush('') } : off),
      }),
    },
    {
      ...{ ...admin, method: 'POST', template: '/cache/delete' },
      handler: controlEndpoint({
        ...{ identity, body: deletion },
        answer: async ({ body }) => {
          if (!isEnabled()) return off
          await answers.forget(body.keys)
          return { body: { status: 'success' } }
        },
      }),
    },
    {
      ...{ ...admin, method: 'GET', template: '/cache/ping' },
      handler: controlEndpoint({
        ...{ identity, body: null },
        answer: () =>
          isEnabled()
            ? { body: { status: 'healthy', cache_type: 'redis-or-memory', ping_response: true } }
            : noCache,
      }),
    },
    {
      ...{ ...admin, method: 'GET', template: '/cache/redis/info' },
      handler: controlEndpoint({
        ...{ identity, body: null },
        answer: async () => {
          if (!isEnabled()) return noCache
          const redis = await deps.describeRedis()
          return redis === null ? noRedis : { body: describeRedis(redis) }
        },
      }),
    },
  ]
}

const noRedis = {
  status: 503,
  body: { detail: 'Answers are not shared through Redis, or it does not answer.' },
}

function describeRedis({ info, clients }: RedisDescription): object {
  const listed = clients.split('\n').filter((line) => line.trim() !== '')
  return {
    num_clients: listed.length,
    clients: listed.map((line) => readPairs(line.trim().split(' '), '=')),
    info: readPairs(
      info.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#')),
      ':',
    ),
  }
}

/** Numbers as such, everything else as text. */
function readPairs(pairs: readonly string[], separator: string): Record<string, string | number> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf(separator)
      const value = pair.slice(at + 1)
      return [pair.slice(0, at), /^-?\d+(?:\.\d+)?$/.test(value) ? Number(value) : value]
    }),
  )
}

function describeStats({ stats }: AnswerCache): object {
  const { hits, misses, entries, bytes, errors } = stats
  const found = Object.values(hits).reduce((sum, count) => sum + count, 0)
  return {
    ...{ hits, misses, entries, bytes, errors },
    hit_rate: found === 0 ? 0 : found / (found + misses),
  }
}

function describeEntry({ key, bytes, ageMs, expiresInMs }: ReturnType<AnswerCache['list']>[number]): object {
  return {
    key,
    bytes,
    age_seconds: Math.floor(ageMs / 1000),
    expires_in_seconds: Math.ceil(expiresInMs / 1000),
  }
}

function readLimit(text: string | null): number {
  const limit = Number(text ?? 100)
  return Number.isInteger(limit) && limit > 0 ? Math.min(limit, 1000) : 100
}
