import type { Charge } from './charges.ts'
import type { Standing } from './limiter.ts'

const nanoPerUsd = 1e9

/** Where the limits of a request stand, as head lines. `nowMs` is epoch milliseconds. */
export function limitLines(
  charges: readonly Charge[],
  standings: readonly Standing[],
  nowMs: number,
): string {
  let requests: Tightest | null = null
  let tokens: Tightest | null = null
  let keySpend: number | null = null
  let ofModels = ''
  let index = -1
  for (const { budget, rate, claim } of charges) {
    index += 1
    const standing = standings[index]
    if (standing === undefined) continue
    if (budget?.scope === 'key') keySpend ??= standing.used
    if (claim.kind !== 'window') continue
    // A limit that may be exceeded now is shown as it is written.
    const limit = (claim.metric === 'requests' ? rate?.requests : rate?.tokens) ?? claim.limit
    if (claim.metric === 'requests') requests = tighter(requests, limit, standing)
    else tokens = tighter(tokens, limit, standing)
    if (rate?.descriptor === 'model_per_key')
      ofModels += `x-litellm-key-remaining-${claim.metric}-${headerName(rate.model ?? '')}: ${remainingOf(limit, standing)}\r\n`
  }
  let lines = ''
  if (requests !== null) {
    const reset = Math.ceil((nowMs + requests.resetsInMs) / 1_000)
    lines = `x-ratelimit-limit: ${requests.limit}\r\nx-ratelimit-remaining: ${requests.remaining}\r\nx-ratelimit-reset: ${reset}\r\n${describe('requests', requests)}`
  }
  if (tokens !== null) lines += describe('tokens', tokens)
  if (keySpend !== null) lines += `x-litellm-key-spend: ${keySpend / nanoPerUsd}\r\n`
  return lines + ofModels
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

/** The limit of which the smaller part is left. */
function tighter(found: Tightest | null, limit: number, standing: Standing): Tightest {
  const remaining = remainingOf(limit, standing)
  if (found !== null && remaining * found.limit >= found.remaining * limit) return found
  return { limit, remaining, resetsInMs: standing.resetsInMs }
}

const remainingOf = (limit: number, { used }: Standing): number => Math.max(0, limit - used)

function describe(metric: 'requests' | 'tokens', { limit, remaining, resetsInMs }: Tightest): string {
  const reset = Math.ceil(resetsInMs / 1_000)
  return `x-ratelimit-limit-${metric}: ${limit}\r\nx-ratelimit-remaining-${metric}: ${remaining}\r\nx-ratelimit-reset-${metric}: ${reset}s\r\n`
}

/** What a header's name may not hold becomes a dash. */
const headerName = (model: string): string => model.replace(/[^\w.-]/g, '-')
