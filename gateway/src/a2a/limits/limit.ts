import { A2aError } from '../protocol/a2a-error.ts'

const minuteMs = 60_000

/** Something of which an agent, or a conversation with it, takes only so much. */
export interface Limit {
  readonly key: string
  readonly counts: 'messages' | 'tokens' | 'nano-usd'
  readonly most: number
  readonly ttlMs: number
  /** `retryAfterSeconds` is for limits of the minute. */
  readonly refuse: (retryAfterSeconds: number) => A2aError
}

/** Counters of a minute are kept a little longer than it lasts. */
export function minuteLimit(
  key: string,
  counts: 'messages' | 'tokens',
  most: number | null,
  who: string,
): Limit[] {
  if (most === null) return []
  const refuse = (retryAfterSeconds: number): A2aError =>
    new A2aError('RATE_LIMITED', `${who} takes ${most} ${counts} a minute; try again shortly.`, {
      retryAfterSeconds,
    })
  return [{ key: `${key}:${counts}`, counts, most, ttlMs: 2 * minuteMs, refuse }]
}

/** A limit of a whole conversation, which comes free again `ttlMs` after its first use and no sooner. */
export function wholeLimit(
  key: string,
  counts: 'messages' | 'nano-usd',
  most: number | null,
  ttlMs: number,
): Limit[] {
  if (most === null) return []
  const refuse = (): A2aError =>
    counts === 'messages'
      ? new A2aError('RATE_LIMITED', `This conversation has had the ${most} messages it may have.`)
      : new A2aError('BUDGET_EXCEEDED', 'This conversation has used up its budget.')
  return [{ key: `${key}:all:${counts}`, counts, most, ttlMs, refuse }]
}
