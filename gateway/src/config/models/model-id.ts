import { createHash } from 'node:crypto'
import { isRecord } from '../values/coerce.ts'

const digits = 32

/**
 * A stable id: the first 128 bits of SHA-256 over the name and the parameters as they are written, before variables
 * are filled in, so that a new key value keeps the id and no secret goes into it.
 */
export function deriveModelId(modelName: unknown, litellmParams: unknown): string {
  const text = canonicalJson([modelName ?? null, litellmParams ?? null])
  return createHash('sha256').update(text).digest('hex').slice(0, digits)
}

/** JSON with sorted keys; maps become lists of pairs. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => {
    if (member instanceof Map) return [...member].sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
    if (!isRecord(member)) return member
    return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}
