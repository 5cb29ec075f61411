import { invalidHistory } from './invalid-history.ts'
import type { Losses } from './refuse.ts'
import type { Block, Turn, TurnForm } from './turns.ts'

/**
 * Makes every tool call answered exactly once in the turn after it and every result answer a call: duplicates go
 * (the last one wins), and under `modify_params` missing results are made up as errors and orphans are left out.
 */
export function repairToolResults(turns: Turn[], losses: Losses, form: TurnForm): void {
  for (let index = 0; index < turns.length; index++) {
    const turn = turns[index]
    if (turn === undefined || turn.role !== 'user') continue
    const calls = callIds(turns[index - 1], form)
    keepAnswers(turn, calls, losses, form)
    addMissing(turn, calls, losses, form)
  }
  answerLastTurn(turns, losses, form)
  removeEmptied(turns)
}

function callIds(turn: Turn | undefined, form: TurnForm): ReadonlySet<unknown> {
  if (turn?.role !== 'assistant') return new Set()
  return new Set(turn.content.map((block) => form.callId(block)).filter((id) => id !== undefined))
}

function keepAnswers(
  turn: Turn,
  calls: ReadonlySet<unknown>,
  { target, dropped }: Losses,
  form: TurnForm,
): void {
  const last = new Map<unknown, Block>()
  for (const block of turn.content) {
    const id = form.resultId(block)
    if (id !== undefined) last.set(id, block)
  }
  if (last.size === 0) return
  const kept = turn.content.filter((block) => {
    const id = form.resultId(block)
    if (id === undefined) return true
    if (calls.has(id)) return last.get(id) === block
    if (!target.modifyParams)
      throw invalidHistory(`tool result '${String(id)}' answers no tool call`, 'messages')
    dropped.push('messages[].tool_result')
    return false
  })
  turn.content.splice(0, turn.content.length, ...kept)
}

function addMissing(turn: Turn, calls: ReadonlySet<unknown>, losses: Losses, form: TurnForm): void {
  const answered = new Set(turn.content.map((block) => form.resultId(block)))
  for (const id of calls) if (!answered.has(id)) turn.content.push(missingResult(id, losses, form))
}

function answerLastTurn(turns: Turn[], losses: Losses, form: TurnForm): void {
  const calls = [...callIds(turns.at(-1), form)]
  if (calls.length === 0) return
  turns.push({ role: 'user', content: calls.map((id) => missingResult(id, losses, form)) })
}

function missingResult(id: unknown, { target }: Losses, form: TurnForm): Block {
  if (!target.modifyParams) throw invalidHistory(`tool call '${String(id)}' has no result`, 'messages')
  return form.missingResult(id)
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
