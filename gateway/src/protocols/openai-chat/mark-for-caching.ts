import { type JsonRecord, readRecord } from '../../conversation/json-value.ts'
import { type CachePoint, ephemeral, isCachePoint } from '../cache-points.ts'

/** The mark of this dialect stands on the message. What else stands in `messages` is the provider's to refuse. */
export function markForCaching(body: JsonRecord, points: readonly CachePoint[]): JsonRecord {
  const { messages } = body
  if (!Array.isArray(messages)) return body
  const marked = messages.map((value: unknown, index) => {
    const message = readRecord(value)
    return message !== null && isCachePoint(points, message['role'], index, messages.length)
      ? { ...message, cache_control: ephemeral }
      : value
  })
  return { ...body, messages: marked }
}
