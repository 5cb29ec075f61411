import type { DialectId } from '../conversation/dialect.ts'
import { headLine } from '../http/server/head-line.ts'
import type { HeaderFields } from '../http1/header-fields.ts'

const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
  'set-cookie',
  'set-cookie2',
  'www-authenticate',
  'authorization',
])

/**
 * What the provider said beside its body: every header as `llm_provider-<name>`, its rate limits under the names
 * OpenAI's clients read and, for Anthropic's clients, under theirs too. `nowMs` is epoch milliseconds. Hop-by-hop
 * headers, cookies and challenges stay here. Rate limits only go under those names unless the caller has some of its own.
 */
export function echoProviderHeaders(
  { names, values }: HeaderFields,
  nowMs: number,
  dialect: DialectId,
  hasOwnRates = false,
): string {
  const isForAnthropic = dialect === 'anthropic-messages'
  let lines = ''
  for (let at = 0; at < names.length; at += 1) {
    const name = names[at] as string
    const value = values[at] as string
    if (hopByHop.has(name)) continue
    // The transport has checked every octet of an upstream head, so these values need no second look.
    lines += `${echoPrefix(name)}${value}\r\n`
    if (hasOwnRates) continue
    if (name.startsWith('x-ratelimit-')) {
      lines += `${name}: ${value}\r\n`
      if (isForAnthropic) lines += toAnthropic(name, value, nowMs)
    } else if (name.startsWith('anthropic-ratelimit-')) {
      if (isForAnthropic) lines += `${name}: ${value}\r\n`
      lines += toOpenai(name, value, nowMs)
    }
  }
  return lines
}

const echoPrefixes = new Map<string, string>()
const maxEchoPrefixes = 1_000

/** `llm_provider-<name>: `, made once for names that come again. */
function echoPrefix(name: string): string {
  let prefix = echoPrefixes.get(name)
  if (prefix === undefined) {
    // In one piece, because a string put together by + stays in parts and is copied from them each time. Not by `join`:
    // with the name of a property, V8 makes that a string of two octets a character, and so is every head it is part of.
    prefix = Buffer.from(`llm_provider-${name}: `, 'latin1').toString('latin1')
    if (echoPrefixes.size < maxEchoPrefixes) echoPrefixes.set(name, prefix)
  }
  return prefix
}

/** `anthropic-ratelimit-requests-remaining` → `x-ratelimit-remaining-requests`; a reset is told as time to go. */
function toOpenai(name: string, value: string, nowMs: number): string {
  const match = /^anthropic-ratelimit-(requests|tokens)-(limit|remaining|reset)$/.exec(name)
  if (match === null) return ''
  const shown = match[2] === 'reset' ? formatTimeToGo(value, nowMs) : value
  return shown === null ? '' : headLine(`x-ratelimit-${match[2]}-${match[1]}`, shown)
}

/** A time of day as OpenAI's duration (`12s`); null for what is no time. */
function formatTimeToGo(time: string, nowMs: number): string | null {
  const at = Date.parse(time)
  return Number.isNaN(at) ? null : `${Math.max(0, Math.ceil((at - nowMs) / 1000))}s`
}

/** The other way round; a reset is told as RFC 3339. */
function toAnthropic(name: string, value: string, nowMs: number): string {
  const match = /^x-ratelimit-(limit|remaining|reset)-(requests|tokens)$/.exec(name)
  if (match === null) return ''
  const shown = match[1] === 'reset' ? formatTimeOfDay(value, nowMs) : value
  return shown === null ? '' : headLine(`anthropic-ratelimit-${match[2]}-${match[1]}`, shown)
}

const unitMs: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 }

/** OpenAI's duration (`6m0s`, `1.5s`, `20ms`) as a time of day, rounded up to the second; null for what is none. */
function formatTimeOfDay(duration: string, nowMs: number): string | null {
  if (!/^(?:\d{1,9}(?:\.\d{1,9})?(?:h|ms?|s))+$/.test(duration)) return null
  let ms = 0
  for (const [, count, unit = ''] of duration.matchAll(/([\d.]+)(h|ms|m|s)/g))
    ms += Number(count) * (unitMs[unit] ?? 0)
  const at = Math.ceil((nowMs + ms) / 1000) * 1000
  return at > latestMs ? null : new Date(at).toISOString().replace('.000Z', 'Z')
}

/** The end of the year 9999. */
const latestMs = 253_402_300_799_000
