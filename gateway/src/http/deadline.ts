import { Roster, type RosterMember } from './roster.ts'

const tickMs = 250
/** Above this half a second of slack does not matter; below, an exact timer is worth its price. */
const coarseFromMs = 5_000

/** Something that wants to know when its time is over. */
export interface Deadline {
  clear(): void
}

/**
 * Calls back once after `ms`, unless cleared. Long deadlines, which almost always end by being cleared, share one
 * ticking timer and cost next to nothing; they may come up to 500 ms late.
 */
export function startDeadline(ms: number, onExpiry: () => void): Deadline {
  if (!Number.isFinite(ms)) return never
  return ms < coarseFromMs ? new ExactDeadline(ms, onExpiry) : new CoarseDeadline(ms, onExpiry)
}

const never: Deadline = { clear: () => {} }

class ExactDeadline implements Deadline {
  readonly #timer: NodeJS.Timeout

  constructor(ms: number, onExpiry: () => void) {
    this.#timer = setTimeout(onExpiry, ms)
  }

  clear(): void {
    clearTimeout(this.#timer)
  }
}

const waiting = new Roster<CoarseDeadline>()
let ticks = 0
let ticker: NodeJS.Timeout | null = null

class CoarseDeadline implements Deadline, RosterMember {
  place = -1
  readonly dueAtTick: number
  readonly onExpiry: () => void

  constructor(ms: number, onExpiry: () => void) {
    this.dueAtTick = ticks + Math.ceil(ms / tickMs) + 1
    this.onExpiry = onExpiry
    waiting.add(this)
    ticker ??= setInterval(tick, tickMs).unref()
  }

  clear(): void {
    waiting.delete(this)
  }
}

function tick(): void {
  ticks += 1
  waiting.visitAll(expireWhenDue)
  if (waiting.size > 0 || ticker === null) return
  clearInterval(ticker)
  ticker = null
}

function expireWhenDue(deadline: CoarseDeadline): void {
  if (deadline.dueAtTick > ticks) return
  waiting.delete(deadline)
  deadline.onExpiry()
}
