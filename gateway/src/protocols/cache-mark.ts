import { type JsonRecord, readRecord } from '../conversation/json-value.ts'
import type { CacheControl } from '../conversation/part.ts'

/** The prompt-cache mark of a part, as members to spread. */
export function cacheMark(part: JsonRecord): { cacheControl?: CacheControl } {
  const mark = readRecord(part['cache_control'])
  return mark === null ? {} : { cacheControl: mark }
}
