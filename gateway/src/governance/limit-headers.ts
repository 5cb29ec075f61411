import type { Charge } from './charges.ts'
import type { Standing } from './limiter.ts'

const nanoPerUsd = 1e9

/** Where the limits of a request stand, as head lines. `nowMs` is epoch milliseconds. */
export function limitLines(
  charges: readonly Charge[],
  standings: readonly Standing[],
  nowMs: number,
): string {
  let text =
    formatTightest('requests', charges, standings, nowMs) +
    formatTightest('tokens', charges, standings, nowMs)
  let isSpendShown = false
  let ofModels = ''
  for (let index = 0; index < charges.length; index += 1) {
    const charge = charges[index]
    const standing = standings[index]
    if (charge === undefined || standing === undefined) continue
    const { budget, rate, lines } = charge
    if (budget?.scope === 'key' && !isSpendShown) {
      isSpendShown = true
      text += `x-litellm-key-spend: ${standing.used / nanoPerUsd}\r\n`
    }
    if (rate?.descriptor === 'model_per_key' && lines !== null)
      ofModels += `x-litellm-key-remaining-${lines.metric}-${headerName(rate.model ?? '')}: ${remainingOf(lines, standing)}\r\n`
  }
  return text + ofModels
}

/** The limit of which the smallest part is left. */
function formatTightest(
  metric: WindowLines['metric'],
  charges: readonly Charge[],
  standings: readonly Standing[],
  nowMs: number,
): string {
  let found: WindowLines | null = null
  let at: Standing | null = null
  for (let index = 0; index < charges.length; index += 1) {
    const lines = charges[index]?.lines ?? null
    const standing = standings[index]
    if (lines?.metric !== metric || standing === undefined) continue
    if (found !== null && at !== null && !isTighter(lines, standing, found, at)) continue
    found = lines
    at = standing
  }
  return found === null || at === null ? '' : found.format(at, nowMs)
}

/** The same by name, for the headers of an error. */
export function toHeaders(lines: string): Record<string, string> {
  const fields = lines.split('\r\n').filter((line) => line !== '')
  return Object.fromEntries(fields.map((line) => line.split(': ', 2)))
}

/** How one limit of a window is shown. All but what is left stays for a second, and so does its text. */
export class WindowLines {
  readonly metric: 'requests' | 'tokens'
  /** As it is written, even while it may be exceeded. */
  readonly limit: number
  readonly #before: string
  #resetsAt = -1
  #seconds = -1
  #between = ''
  #after = ''

  constructor(metric: 'requests' | 'tokens', limit: number) {
    this.metric = metric
    this.limit = limit
    this.#before =
      metric === 'requests'
        ? `x-ratelimit-limit: ${limit}\r\nx-ratelimit-remaining: `
        : `x-ratelimit-limit-tokens: ${limit}\r\nx-ratelimit-remaining-tokens: `
  }

  format(standing: Standing, nowMs: number): string {
    const { resetsInMs } = standing
    const seconds = Math.ceil(resetsInMs / 1_000)
    const resetsAt = Math.ceil((nowMs + resetsInMs) / 1_000)
    if (seconds !== this.#seconds || resetsAt !== this.#resetsAt) this.#describe(seconds, resetsAt)
    const remaining = remainingOf(this, standing)
    return this.metric === 'requests'
      ? `${this.#before}${remaining}${this.#between}${remaining}${this.#after}`
      : `${this.#before}${remaining}${this.#after}`
  }

  #describe(seconds: number, resetsAt: number): void {
    this.#seconds = seconds
    this.#resetsAt = resetsAt
    this.#between = `\r\nx-ratelimit-reset: ${resetsAt}\r\nx-ratelimit-limit-requests: ${this.limit}\r\nx-ratelimit-remaining-requests: `
    this.#after = `\r\nx-ratelimit-reset-${this.metric}: ${seconds}s\r\n`
  }
}

/** Whether a smaller part of this limit is left than of the one found before. */
function isTighter(lines: WindowLines, standing: Standing, found: WindowLines, foundAt: Standing): boolean {
  return remainingOf(lines, standing) * found.limit < remainingOf(found, foundAt) * lines.limit
}

const remainingOf = ({ limit }: WindowLines, { used }: Standing): number => Math.max(0, limit - used)

/** What a header's name may not hold becomes a dash. */
const headerName = (model: string): string => model.replace(/[^\w.-]/g, '-')
