import { readRecords } from '../../conversation/json-value.ts'
import type { Turn } from '../turns.ts'
import type { Block } from './encoding.ts'

/** The provider's limit on prompt-cache marks in one request. */
const maxMarks = 4

/** Removes the oldest marks beyond the limit, in the order the provider reads: tools, system, messages. */
export function limitCacheMarks(
  tools: readonly Block[],
  system: readonly Block[],
  turns: readonly Turn[],
  reserved: number,
): void {
  const blocks = [...tools, ...system]
  for (const turn of turns) {
    for (const block of turn.content) blocks.push(...(readRecords(innerContent(block)) as Block[]), block)
  }
  const marked = blocks.filter((block) => block['cache_control'] !== undefined)
  const surplus = Math.max(0, marked.length + reserved - maxMarks)
  for (const block of marked.slice(0, surplus)) delete block['cache_control']
}

function innerContent(block: Block): unknown {
  return block['type'] === 'tool_result' ? block['content'] : null
}
