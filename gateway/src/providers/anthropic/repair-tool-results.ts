import { invalidHistory } from '../invalid-history.ts'
import type { Turn } from './encode-messages.ts'
import type { Block, Encoding } from './encoding.ts'

/**
 * Makes every tool call answered exactly once in the turn after it and every result answer a call: duplicates go
 * (the last one wins), and under `modify_params` missing results are made up as errors and orphans are left out.
 */
export function repairToolResults(turns: Turn[], encoding: Encoding): void {
  for (let index = 0; index < turns.length; index++) {
    const turn = turns[index]
    if (turn === undefined || turn.role !== 'user') continue
    const calls = callIds(turns[index - 1])
    keepAnswers(turn, calls, encoding)
    addMissing(turn, calls, encoding)
  }
  answerLastTurn(turns, encoding)
  removeEmptied(turns)
}

function callIds(turn: Turn | undefined): ReadonlySet<unknown> {
  if (turn?.role !== 'assistant') return new Set()
  return new Set(turn.content.filter((block) => block['type'] === 'tool_use').map((block) => block['id']))
}

function keepAnswers(turn: Turn, calls: ReadonlySet<unknown>, { target, dropped }: Encoding): void {
  const last = new Map<unknown, Block>()
  for (const block of turn.content) if (block['type'] === 'tool_result') last.set(block['tool_use_id'], block)
  if (last.size === 0) return
  const kept = turn.content.filter((block) => {
    if (block['type'] !== 'tool_result') return true
    const id = block['tool_use_id']
    if (calls.has(id)) return last.get(id) === block
    if (!target.modifyParams)
      throw invalidHistory(`tool result '${String(id)}' answers no tool call`, 'messages')
    dropped.push('messages[].tool_result')
    return false
  })
  turn.content.splice(0, turn.content.length, ...kept)
}

function addMissing(turn: Turn, calls: ReadonlySet<unknown>, encoding: Encoding): void {
  const answered = new Set(turn.content.map((block) => block['tool_use_id']))
  for (const id of calls) if (!answered.has(id)) turn.content.push(missingResult(id, encoding))
}

function answerLastTurn(turns: Turn[], encoding: Encoding): void {
  const calls = [...callIds(turns.at(-1))]
  if (calls.length > 0) turns.push({ role: 'user', content: calls.map((id) => missingResult(id, encoding)) })
}

function missingResult(id: unknown, { target }: Encoding): Block {
  if (!target.modifyParams) throw invalidHistory(`tool call '${String(id)}' has no result`, 'messages')
  const content = [{ type: 'text', text: 'No result was returned.' }]
  return { type: 'tool_result', tool_use_id: id, content, is_error: true }
}

/** A turn that lost all its blocks goes; its neighbours, now of one role, become one turn. */
function removeEmptied(turns: Turn[]): void {
  for (let index = turns.length - 1; index >= 0; index--) {
    if (turns[index]?.content.length !== 0) continue
    const following = turns[index + 1]
    const previous = turns[index - 1]
    if (previous !== undefined && following !== undefined) previous.content.push(...following.content)
    turns.splice(index, previous !== undefined && following !== undefined ? 2 : 1)
  }
}
