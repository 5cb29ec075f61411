import type { LookupAddress } from 'node:dns'
import type { Resolve } from './host-judge.ts'

export interface ResolverSettings {
  /** Longest wait for an answer. */
  readonly timeoutMs: number
  /** How long an answer is used again; 0 asks anew each time. */
  readonly cacheTtlMs: number
  /** Names kept. */
  readonly cacheSize: number
}

interface Kept {
  readonly addresses: readonly LookupAddress[]
  readonly untilMs: number
}

/** Keeps the addresses of names for a while, those asked for first are forgotten first. No answer in time is an error (`ETIMEOUT`). */
export function createCachedResolve(
  resolve: Resolve,
  { timeoutMs, cacheTtlMs, cacheSize }: ResolverSettings,
  now: () => number,
): Resolve {
  const kept = new Map<string, Kept>()
  const keep = (key: string, addresses: readonly LookupAddress[]): void => {
    kept.delete(key)
    kept.set(key, { addresses, untilMs: now() + cacheTtlMs })
    const oldest = kept.keys().next().value
    if (kept.size > cacheSize && oldest !== undefined) kept.delete(oldest)
  }
  return (hostname, options, callback) => {
    const key = `${options.family ?? 0} ${hostname}`
    const known = kept.get(key)
    if (known !== undefined && known.untilMs > now()) {
      queueMicrotask(() => callback(null, [...known.addresses]))
      return
    }
    let isOver = false
    const finish = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]): void => {
      clearTimeout(deadline)
      if (isOver) return
      isOver = true
      callback(error, addresses)
    }
    const deadline = setTimeout(
      () => finish(Object.assign(new Error('No addresses in time.'), { code: 'ETIMEOUT' }), []),
      timeoutMs,
    )
    resolve(hostname, options, (error, addresses) => {
      if (error === null && addresses.length > 0 && cacheTtlMs > 0) keep(key, addresses)
      finish(error, addresses)
    })
  }
}
