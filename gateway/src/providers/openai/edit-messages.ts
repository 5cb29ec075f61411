import {
  type JsonRecord,
  readList,
  readRecord,
  readRecords,
  readString,
} from '../../conversation/json-value.ts'
import { fitAlphanumericId } from '../tool-ids.ts'
import type { ProviderQuirks, WireTarget } from '../wire.ts'
import type { PendingEdits } from './vendor-edits.ts'

export function hasMessageQuirks(quirks: ProviderQuirks): boolean {
  return quirks.supportsDeveloperRole === false || quirks.toolIdPattern !== undefined
}

/** Rewrites roles and tool call ids the vendor does not take; sets `messages` only when one of them changed. */
export function editMessages(
  body: JsonRecord,
  { provider: { quirks }, modifyParams }: WireTarget,
  edits: PendingEdits,
): void {
  const given = readList(body['messages'])
  const isMended = modifyParams && quirks.forbidsUserAfterTool === true
  const messages = isMended ? separateUserFromTool(given) : given
  let edited: unknown[] | null = messages === given ? null : [...messages]
  for (let index = 0; index < messages.length; index++) {
    const message = readRecord(messages[index])
    if (message === null) continue
    const changed = editMessage(message, quirks)
    if (changed === message) continue
    edited ??= [...messages]
    edited[index] = changed
  }
  if (edited !== null) edits.set['messages'] = edited
}

/** Lets the model acknowledge a tool's result before the user speaks. The same list when nobody does. */
function separateUserFromTool(messages: readonly unknown[]): readonly unknown[] {
  const follows = (index: number): boolean =>
    readRecord(messages[index])?.['role'] === 'user' && readRecord(messages[index - 1])?.['role'] === 'tool'
  if (!messages.some((_, index) => follows(index))) return messages
  return messages.flatMap((message, index) =>
    follows(index) ? [{ role: 'assistant', content: 'OK.' }, message] : [message],
  )
}

function editMessage(message: JsonRecord, quirks: ProviderQuirks): JsonRecord {
  if (quirks.supportsDeveloperRole === false && message['role'] === 'developer') {
    return { ...message, role: 'system' }
  }
  if (quirks.toolIdPattern === undefined) return message
  const id = readString(message['tool_call_id'])
  if (id !== null) {
    const fitted = fitAlphanumericId(id)
    return fitted === id ? message : { ...message, tool_call_id: fitted }
  }
  const calls = readRecords(message['tool_calls'])
  const isFitting = calls.every((call) => fitAlphanumericId(idOf(call)) === call['id'])
  if (isFitting) return message
  return { ...message, tool_calls: calls.map((call) => ({ ...call, id: fitAlphanumericId(idOf(call)) })) }
}

function idOf(call: JsonRecord): string {
  return readString(call['id']) ?? ''
}
