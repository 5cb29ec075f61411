import { type JsonRecord, readText } from '../conversation/json-value.ts'
import { classifyError } from './classify-error.ts'
import type { UpstreamFailure } from './failure.ts'
import { formatFailureText } from './failure-text.ts'

/** Azure's verdict on every content category is the longest member known. */
const maxFieldLength = 2048

/** An upstream error whose members were found, as a failure: classified, scrubbed and capped. */
export function describeFailure(
  status: number,
  error: JsonRecord,
  text: string,
  retryAfterMs: number | null,
): UpstreamFailure {
  const inner = error['innererror'] as JsonRecord | null | undefined
  const codes = [error['code'], error['type'], error['status'], inner?.['code']].flatMap(
    (code) => readText(code) ?? [],
  )
  const details = JSON.stringify(error['details'] ?? '')
  const kind = classifyError({ status, codes, message: `${text} ${details.slice(0, maxFieldLength)}` })
  return { kind, status, message: formatFailureText(text), retryAfterMs, providerFields: passedFields(error) }
}

/** The provider's own error members callers may want, scrubbed; long ones are left out. */
function passedFields(error: JsonRecord): JsonRecord | null {
  const fields: Record<string, unknown> = {}
  for (const name of ['code', 'type', 'param', 'innererror', 'metadata']) {
    const value = error[name]
    if (value === undefined || value === null) continue
    const text = JSON.stringify(value)
    if (text.length <= maxFieldLength && formatFailureText(text) === text) fields[name] = value
  }
  return Object.keys(fields).length === 0 ? null : fields
}

/** What to say of an answer that is a page, plain text or nothing instead of JSON. */
export function describeUnreadable(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
): string {
  const text = body.trim()
  const isPage = /^<(?:!doctype|html|head|body|\?xml)/i.test(text)
  if (text !== '' && !isPage) return text
  const kind = text === '' ? 'an empty body' : `${headers['content-type'] ?? 'text/html'} instead of JSON`
  return `The provider answered status ${status} with ${kind}.`
}
