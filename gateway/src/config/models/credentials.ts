import type { Report } from '../report.ts'
import { isRecord, toText, type UnknownRecord } from '../values/coerce.ts'

/** `credential_list`: name → the parameters it supplies. A broken entry is left out. */
export function readCredentials(value: unknown, report: Report): ReadonlyMap<string, UnknownRecord> {
  const credentials = new Map<string, UnknownRecord>()
  if (value === undefined || value === null) return credentials
  if (!Array.isArray(value)) {
    report.warn(['credential_list'], 'this should be a list; it is ignored')
    return credentials
  }
  for (const [index, entry] of value.entries()) {
    const name = isRecord(entry) ? toText(entry['credential_name']) : undefined
    const values = isRecord(entry) ? entry['credential_values'] : undefined
    if (name === undefined || !isRecord(values)) {
      const message = 'a credential needs `credential_name` and a map `credential_values`; it is ignored'
      report.error(['credential_list', index], message)
    } else credentials.set(name, values)
  }
  return credentials
}
