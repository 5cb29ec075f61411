import { toSingleLine } from '../single-line.ts'
import { quoteJson } from './json-text.ts'
import { formatTimestamp } from './timestamp.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Members of a line beside `event`, `level` and `timestamp`. Null is written, undefined left out. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>

/** One JSON line with sorted keys; `fields` may not replace the three fixed members. */
export function formatEventLine(level: LogLevel, event: string, fields: LogFields, epochMs: number): string {
  const members = { ...fields, event, level, timestamp: formatTimestamp(epochMs) }
  const parts = Object.entries(members)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${quoteJson(key)}:${formatValue(value)}`)
  return `{${parts.join(',')}}`
}

/** The same for people: time, level, the message or event name, and the other members as `name=value`. */
export function formatEventText(level: LogLevel, event: string, fields: LogFields, epochMs: number): string {
  const { message, ...rest } = fields
  const parts = Object.entries(rest)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([key, value]) => `${key}=${value}`)
  const head = `${formatTimestamp(epochMs).slice(11, -1)} ${level.toUpperCase().padEnd(5)} ${message ?? event}`
  return toSingleLine([head, ...parts].join(' '))
}

function formatValue(value: LogFields[string]): string {
  if (typeof value === 'string') return quoteJson(value)
  return typeof value === 'number' && !Number.isFinite(value) ? 'null' : String(value)
}
