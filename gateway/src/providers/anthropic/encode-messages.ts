import { invalidHistory } from '../invalid-history.ts'
import { encodeBlock } from './encode-block.ts'
import type { Block, Encoding } from './encoding.ts'
import { repairToolResults } from './repair-tool-results.ts'

export interface Turn {
  readonly role: 'user' | 'assistant'
  readonly content: Block[]
}

/**
 * Turns in strict alternation: neighbours of one role merged, tool results first in their turn, nothing empty.
 * Errors: 400 for a history this wire refuses, unless `modify_params` allows mending it.
 */
export function encodeMessages(encoding: Encoding): Turn[] {
  const turns = mergeTurns(encoding)
  if (turns[0]?.role !== 'user') {
    if (!encoding.target.modifyParams) {
      throw invalidHistory('the first message must be a user message with content', 'messages')
    }
    turns.unshift({ role: 'user', content: [{ type: 'text', text: '.' }] })
  }
  repairToolResults(turns, encoding)
  for (const turn of turns) moveToolResultsFirst(turn)
  trimPrefill(turns)
  return turns
}

function mergeTurns(encoding: Encoding): Turn[] {
  const turns: Turn[] = []
  for (const { role, parts } of encoding.request.messages) {
    if (role === 'system' || role === 'developer') continue
    const content = parts.map((part) => encodeBlock(part, encoding)).filter((block) => block !== null)
    if (content.length === 0) continue
    const turnRole = role === 'assistant' ? 'assistant' : 'user'
    const last = turns.at(-1)
    if (last?.role === turnRole) last.content.push(...content)
    else turns.push({ role: turnRole, content })
  }
  return turns
}

function moveToolResultsFirst(turn: Turn): void {
  if (turn.role !== 'user') return
  const results = turn.content.filter((block) => block['type'] === 'tool_result')
  if (results.length === 0) return
  const others = turn.content.filter((block) => block['type'] !== 'tool_result')
  turn.content.splice(0, turn.content.length, ...results, ...others)
}

/** An answer begun by the caller must not end in white space. */
function trimPrefill(turns: Turn[]): void {
  const last = turns.at(-1)
  const block = last?.content.at(-1)
  if (last?.role !== 'assistant' || block?.['type'] !== 'text') return
  last.content[last.content.length - 1] = { ...block, text: String(block['text']).trimEnd() }
}
