import type { Charge } from './charges.ts'
import type { Standing, WindowClaim } from './limiter.ts'

const nanoPerUsd = 1e9

/** Where the limits of a request stand, by header. `nowMs` is epoch milliseconds. */
export function limitHeaders(
  charges: readonly Charge[],
  standings: readonly Standing[],
  nowMs: number,
): Record<string, string> {
  const headers: Record<string, string> = {}
  const requests = tightest(charges, standings, 'requests')
  const tokens = tightest(charges, standings, 'tokens')
  if (requests !== null) {
    headers['x-ratelimit-limit'] = String(requests.limit)
    headers['x-ratelimit-remaining'] = String(requests.remaining)
    headers['x-ratelimit-reset'] = String(Math.ceil((nowMs + requests.resetsInMs) / 1_000))
    describe(headers, 'requests', requests)
  }
  if (tokens !== null) describe(headers, 'tokens', tokens)
  for (const [index, { budget, rate, claim }] of charges.entries()) {
    const standing = standings[index]
    if (standing === undefined) continue
    if (budget?.scope === 'key') headers['x-litellm-key-spend'] ??= String(standing.used / nanoPerUsd)
    if (rate?.descriptor === 'model_per_key' && claim.kind === 'window') {
      const name = `x-litellm-key-remaining-${claim.metric}-${headerName(rate.model ?? '')}`
      headers[name] = String(remainingOf(claim, standing))
    }
  }
  return headers
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

function describe(
  headers: Record<string, string>,
  metric: 'requests' | 'tokens',
  { limit, remaining, resetsInMs }: Tightest,
): void {
  headers[`x-ratelimit-limit-${metric}`] = String(limit)
  headers[`x-ratelimit-remaining-${metric}`] = String(remaining)
  headers[`x-ratelimit-reset-${metric}`] = `${Math.ceil(resetsInMs / 1_000)}s`
}

/** What a header's name may not hold becomes a dash. */
const headerName = (model: string): string => model.replace(/[^\w.-]/g, '-')
