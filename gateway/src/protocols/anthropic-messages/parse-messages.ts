import type { BlobCarrier } from '../../conversation/blob-carrier.ts'
import type { Part } from '../../conversation/part.ts'
import type { ConversationMessage, MessageRole } from '../../conversation/request.ts'
import { invalidField, requireList, requireRecord, requireString } from '../field-reader.ts'
import { parseBlocks } from './parse-block.ts'

const roles = new Set(['user', 'assistant', 'system'])

/** The system prompt as the first message; none when it is empty. */
export function parseSystem(value: unknown): ConversationMessage[] {
  const parts = value === undefined || value === null ? [] : parseContent(value, 'system', null)
  return parts.length === 0 ? [] : [{ role: 'system', parts }]
}

/** `carrier` opens the signatures of thinking that comes back. */
export function parseMessages(value: unknown, carrier: BlobCarrier): ConversationMessage[] {
  const messages = requireList(value, 'messages')
  if (messages.length === 0) throw invalidField('messages', 'at least one message')
  return messages.map((message, index) => parseMessage(message, `messages[${index}]`, carrier))
}

function parseMessage(value: unknown, path: string, carrier: BlobCarrier): ConversationMessage {
  const message = requireRecord(value, path)
  const role = requireString(message['role'], `${path}.role`)
  if (!roles.has(role)) throw invalidField(`${path}.role`, `one of ${[...roles].join(', ')}`)
  return { role: role as MessageRole, parts: parseContent(message['content'], `${path}.content`, carrier) }
}

function parseContent(content: unknown, path: string, carrier: BlobCarrier | null): readonly Part[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }]
  if (Array.isArray(content)) return parseBlocks(content, path, carrier)
  throw invalidField(path, 'a string or an array of content blocks')
}
