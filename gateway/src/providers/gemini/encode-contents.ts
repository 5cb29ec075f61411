import type { Part, ToolResultPart } from '../../conversation/part.ts'
import type { MessageRole } from '../../conversation/request.ts'
import { placeholderSignature, splitThoughtCallId } from '../../conversation/thought-call-id.ts'
import { invalidHistory } from '../invalid-history.ts'
import { encodePart } from './encode-part.ts'
import { type AnsweredCall, encodeToolResult } from './encode-tool-result.ts'
import type { Body, Encoding } from './encoding.ts'

export interface Content {
  readonly role: 'user' | 'model'
  readonly parts: Body[]
}

interface Turn {
  readonly role: Content['role']
  readonly parts: Part[]
}

/**
 * Turns in alternation: neighbours of one role merged, the results of a turn's calls together, first and in the order
 * of the calls, nothing empty. Errors: 400 for a result without a call, and for a call without its result in front of
 * a later turn, unless `modify_params` allows mending the history.
 */
export function encodeContents(encoding: Encoding): Content[] {
  const turns = mergeTurns(encoding)
  const contents: Content[] = []
  turns.forEach((turn, index) => {
    const parts =
      turn.role === 'model' ? encodeModel(turn, encoding) : encodeUser(turn, turns[index - 1], encoding)
    const last = contents.at(-1)
    if (parts.length === 0) return
    if (last?.role === turn.role) last.parts.push(...parts)
    else contents.push({ role: turn.role, parts })
  })
  return contents
}

function mergeTurns({ request }: Encoding): Turn[] {
  const turns: Turn[] = []
  for (const { role, parts } of request.messages) {
    if (role === 'system' || role === 'developer') continue
    const turnRole = roleOf(role)
    const last = turns.at(-1)
    if (last?.role === turnRole) last.parts.push(...parts)
    else turns.push({ role: turnRole, parts: [...parts] })
  }
  return turns
}

function roleOf(role: MessageRole): Content['role'] {
  return role === 'assistant' ? 'model' : 'user'
}

/** Only the first of parallel calls bears the signature, so only that one needs a placeholder. */
function encodeModel(turn: Turn, encoding: Encoding): Body[] {
  const parts = encodeAll(turn.parts, encoding)
  const first = parts.find((part) => part['functionCall'] !== undefined)
  if (encoding.facts.needsThoughtSignatures && first !== undefined)
    first['thoughtSignature'] ??= placeholderSignature
  return parts
}

function encodeUser(turn: Turn, previous: Turn | undefined, encoding: Encoding): Body[] {
  const results = new Map<string, ToolResultPart>()
  for (const part of turn.parts)
    if (part.type === 'tool-result') results.set(splitThoughtCallId(part.toolCallId).id, part)
  const answers: Body[] = []
  for (const call of callsOf(previous, encoding)) {
    const result = results.get(call.id) ?? missingResult(call, encoding)
    answers.push(...encodeToolResult(result, call, encoding))
    results.delete(call.id)
  }
  for (const id of results.keys()) refuseOrphan(id, encoding)
  return [...answers, ...encodeAll(turn.parts, encoding)]
}

function encodeAll(parts: readonly Part[], encoding: Encoding): Body[] {
  return parts.map((part) => encodePart(part, encoding)).filter((part) => part !== null)
}

function callsOf(turn: Turn | undefined, { toolNames }: Encoding): AnsweredCall[] {
  const calls: AnsweredCall[] = []
  for (const part of turn?.parts ?? []) {
    if (part.type !== 'tool-call') continue
    calls.push({ id: splitThoughtCallId(part.id).id, name: toolNames.toUpstream(part.name) })
  }
  return calls
}

function missingResult({ id }: AnsweredCall, { target }: Encoding): ToolResultPart {
  if (!target.modifyParams) throw invalidHistory(`tool call '${id}' has no result`, 'messages')
  const parts = [{ type: 'text', text: 'No result was returned.' }] as const
  return { type: 'tool-result', toolCallId: id, parts, isError: true }
}

function refuseOrphan(id: string, { target, dropped }: Encoding): void {
  if (!target.modifyParams) throw invalidHistory(`tool result '${id}' answers no tool call`, 'messages')
  dropped.push('messages[].tool_result')
}
