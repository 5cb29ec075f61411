import type { Part } from '../conversation/part.ts'
import { invalidHistory } from './invalid-history.ts'
import { repairToolResults } from './repair-tool-results.ts'
import type { WireEncoding } from './wire-encoding.ts'

export type Block = Record<string, unknown>

export interface Turn {
  readonly role: 'user' | 'assistant'
  readonly content: Block[]
}

/** How a wire with strict turns spells the blocks that must match each other. A text block has its text in `text`. */
export interface TurnForm {
  /** Nothing for a part that must not or cannot be sent; losses are noted. */
  encodePart(part: Part): readonly Block[]
  /** The id of a tool call, undefined for any other block. */
  callId(block: Block): unknown
  /** The id of the call that a tool result answers, undefined for any other block. */
  resultId(block: Block): unknown
  /** The result that stands in for one the caller did not keep. */
  missingResult(callId: unknown): Block
}

/** What is said in place of a tool result that is missing. */
export const missingResultText = 'No result was returned.'

/**
 * Turns in strict alternation: neighbours of one role merged, tool results first in their turn, nothing empty.
 * Errors: 400 for a history such a wire refuses, unless `modify_params` allows mending it.
 */
export function encodeTurns(encoding: WireEncoding, form: TurnForm): Turn[] {
  const turns = mergeTurns(encoding, form)
  if (turns[0]?.role !== 'user') {
    if (!encoding.target.modifyParams) {
      throw invalidHistory('the first message must be a user message with content', 'messages')
    }
    turns.unshift({ role: 'user', content: form.encodePart({ type: 'text', text: '.' }).slice() })
  }
  repairToolResults(turns, encoding, form)
  for (const turn of turns) moveToolResultsFirst(turn, form)
  trimPrefill(turns)
  return turns
}

function mergeTurns({ request }: WireEncoding, form: TurnForm): Turn[] {
  const turns: Turn[] = []
  for (const { role, parts } of request.messages) {
    if (role === 'system' || role === 'developer') continue
    const content = parts.flatMap((part) => form.encodePart(part))
    if (content.length === 0) continue
    const turnRole = role === 'assistant' ? 'assistant' : 'user'
    const last = turns.at(-1)
    if (last?.role === turnRole) last.content.push(...content)
    else turns.push({ role: turnRole, content })
  }
  return turns
}

function moveToolResultsFirst(turn: Turn, form: TurnForm): void {
  if (turn.role !== 'user') return
  const isResult = (block: Block): boolean => form.resultId(block) !== undefined
  const results = turn.content.filter(isResult)
  if (results.length === 0) return
  const others = turn.content.filter((block) => !isResult(block))
  turn.content.splice(0, turn.content.length, ...results, ...others)
}

/** An answer begun by the caller must not end in white space. */
function trimPrefill(turns: Turn[]): void {
  const last = turns.at(-1)
  const block = last?.content.at(-1)
  if (last?.role !== 'assistant' || typeof block?.['text'] !== 'string') return
  last.content[last.content.length - 1] = { ...block, text: block['text'].trimEnd() }
}
