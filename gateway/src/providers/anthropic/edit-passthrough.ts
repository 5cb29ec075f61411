import { isSealed } from '../../conversation/blob-sealer.ts'
import { isGatewayMember } from '../../conversation/gateway-members.ts'
import { type JsonRecord, readList, readRecord, readString } from '../../conversation/json-value.ts'
import { type BodyEdits, noEdits } from '../passthrough-edits.ts'

/**
 * A Messages body goes upstream as it is, without what speaks to the gateway and without thinking that another
 * provider did, whose envelope the provider would take for a forged signature.
 */
export function editPassthrough(body: JsonRecord): BodyEdits {
  const remove: string[] = []
  for (const name in body) if (isGatewayMember(name)) remove.push(name)
  const messages = withoutForeignThinking(readList(body['messages']))
  if (messages !== null) return { remove, set: { messages }, dropped: ['messages[].thinking'] }
  return remove.length === 0 ? noEdits : { ...noEdits, remove }
}

/** Null when there is none. */
function withoutForeignThinking(messages: readonly unknown[]): unknown[] | null {
  let edited: unknown[] | null = null
  for (let index = 0; index < messages.length; index++) {
    const message = readRecord(messages[index])
    const content = readList(message?.['content'])
    if (message?.['role'] !== 'assistant' || !content.some(isForeignThinking)) continue
    edited ??= [...messages]
    edited[index] = { ...message, content: content.filter((block) => !isForeignThinking(block)) }
  }
  return edited?.filter((message) => !isEmptied(message)) ?? null
}

function isForeignThinking(value: unknown): boolean {
  const block = readRecord(value)
  if (block?.['type'] === 'thinking') return isSealed(readString(block['signature']) ?? '')
  return block?.['type'] === 'redacted_thinking' && isSealed(readString(block['data']) ?? '')
}

function isEmptied(message: unknown): boolean {
  const content = readRecord(message)?.['content']
  return Array.isArray(content) && content.length === 0
}
