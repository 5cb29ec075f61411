/**
 * How long the provider asks to wait, in milliseconds: `retry-after-ms`, else `Retry-After` in seconds or as an
 * HTTP date (RFC 9110 section 10.2.3). A date is read against the answer's own `date` header.
 */
export function readRetryAfter(headers: Readonly<Record<string, string>>): number | null {
  const milliseconds = Number.parseFloat(headers['retry-after-ms'] ?? '')
  if (milliseconds >= 0) return Math.round(milliseconds)
  const value = headers['retry-after']?.trim()
  if (value === undefined || value === '') return null
  if (/^\d+(?:\.\d+)?$/.test(value)) return Math.round(Number(value) * 1000)
  const delay = Date.parse(value) - Date.parse(headers['date'] ?? '')
  return Number.isNaN(delay) ? null : Math.max(0, delay)
}
