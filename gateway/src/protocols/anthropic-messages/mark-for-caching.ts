import { type JsonRecord, readList, readRecord } from '../../conversation/json-value.ts'
import { type CachePoint, ephemeral, isCachePoint } from '../cache-points.ts'

/** The mark of this dialect stands on the last block of what is meant; the system prompt counts as a message of its role. */
export function markForCaching(body: JsonRecord, points: readonly CachePoint[]): JsonRecord {
  const { system, messages } = body
  const marked: Record<string, unknown> = { ...body }
  if (Array.isArray(messages)) {
    marked['messages'] = messages.map((value: unknown, index) => {
      const message = readRecord(value)
      return message !== null && isCachePoint(points, message['role'], index, messages.length)
        ? { ...message, content: markLastBlock(message['content']) }
        : value
    })
  }
  const meansSystem = points.some((point) => point.index === null && point.role === 'system')
  if (meansSystem && system !== undefined && system !== null) marked['system'] = markLastBlock(system)
  return marked
}

function markLastBlock(content: unknown): unknown {
  if (typeof content === 'string')
    return content === '' ? content : [{ type: 'text', text: content, cache_control: ephemeral }]
  const blocks = readList(content)
  const last = readRecord(blocks.at(-1))
  return last === null ? content : [...blocks.slice(0, -1), { ...last, cache_control: ephemeral }]
}
