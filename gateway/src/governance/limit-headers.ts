import type { Charge } from './charges.ts'
import type { Standing, WindowClaim } from './limiter.ts'

const nanoPerUsd = 1e9

/** Where the limits of a request stand, as head lines. `nowMs` is epoch milliseconds. */
export function limitLines(
  charges: readonly Charge[],
  standings: readonly Standing[],
  nowMs: number,
): string {
  const requests = tightest(charges, standings, 'requests')
  const tokens = tightest(charges, standings, 'tokens')
  let lines = ''
  if (requests !== null) {
    const reset = Math.ceil((nowMs + requests.resetsInMs) / 1_000)
    lines = `x-ratelimit-limit: ${requests.limit}\r\nx-ratelimit-remaining: ${requests.remaining}\r\nx-ratelimit-reset: ${reset}\r\n${describe('requests', requests)}`
  }
  if (tokens !== null) lines += describe('tokens', tokens)
  let hasSpend = false
  for (const [index, { budget, rate, claim }] of charges.entries()) {
    const standing = standings[index]
    if (standing === undefined) continue
    if (budget?.scope === 'key' && !hasSpend) {
      hasSpend = true
      lines += `x-litellm-key-spend: ${standing.used / nanoPerUsd}\r\n`
    }
    if (rate?.descriptor === 'model_per_key' && claim.kind === 'window')
      lines += `x-litellm-key-remaining-${claim.metric}-${headerName(rate.model ?? '')}: ${remainingOf(claim, standing)}\r\n`
  }
  return lines
}

/** The same by name, for the headers of an error. */
export function toHeaders(lines: string): Record<string, string> {
  const fields = lines.split('\r\n').filter((line) => line !== '')
  return Object.fromEntries(fields.map((line) => line.split(': ', 2)))
}

interface Tightest {
  readonly limit: number
  readonly remaining: number
  readonly resetsInMs: number
}

/** The limit of which the smallest part is left. */
function tightest(
  charges: readonly Charge[],
  standings: readonly Standing[],
  metric: WindowClaim['metric'],
): Tightest | null {
  let found: Tightest | null = null
  for (const [index, { claim }] of charges.entries()) {
    const standing = standings[index]
    if (standing === undefined || claim.kind !== 'window' || claim.metric !== metric) continue
    const remaining = remainingOf(claim, standing)
    const isTighter = found === null || remaining * found.limit < found.remaining * claim.limit
    if (isTighter) found = { limit: claim.limit, remaining, resetsInMs: standing.resetsInMs }
  }
  return found
}

const remainingOf = ({ limit }: WindowClaim, { used }: Standing): number => Math.max(0, limit - used)

function describe(metric: 'requests' | 'tokens', { limit, remaining, resetsInMs }: Tightest): string {
  const reset = Math.ceil(resetsInMs / 1_000)
  return `x-ratelimit-limit-${metric}: ${limit}\r\nx-ratelimit-remaining-${metric}: ${remaining}\r\nx-ratelimit-reset-${metric}: ${reset}s\r\n`
}

/** What a header's name may not hold becomes a dash. */
const headerName = (model: string): string => model.replace(/[^\w.-]/g, '-')
