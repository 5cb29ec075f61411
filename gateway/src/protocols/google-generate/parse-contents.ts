import type { BlobCarrier } from '../../conversation/blob-carrier.ts'
import { readText } from '../../conversation/json-value.ts'
import type { Part } from '../../conversation/part.ts'
import type { ConversationMessage } from '../../conversation/request.ts'
import { invalidField, requireRecord } from '../field-reader.ts'
import { CallIds } from './call-ids.ts'
import { parsePart, type Reading } from './parse-part.ts'

const roles = new Map<string, ConversationMessage['role']>(
  Object.entries({ user: 'user', model: 'assistant', function: 'user', tool: 'user', system: 'system' }),
)

/** `contents`, after the system instruction. A content, a part or a text alone stands for a list of one. */
export function parseContents(
  contents: unknown,
  instruction: unknown,
  carrier: BlobCarrier,
): ConversationMessage[] {
  const reading = { callIds: new CallIds(), carrier }
  const messages: ConversationMessage[] = []
  if (instruction !== undefined && instruction !== null)
    messages.push({ role: 'system', parts: parseParts(instruction, reading, 'systemInstruction') })
  const list = Array.isArray(contents) ? contents : [contents]
  if (list.length === 0) throw invalidField('contents', 'at least one content')
  list.forEach((content, index) => {
    const path = `contents[${index}]`
    messages.push({ role: readRole(content, path), parts: parseParts(content, reading, path) })
  })
  return messages
}

function readRole(content: unknown, path: string): ConversationMessage['role'] {
  if (typeof content === 'string') return 'user'
  const name = readText(requireRecord(content, path)['role']) ?? 'user'
  const role = roles.get(name)
  if (role === undefined) throw invalidField(`${path}.role`, "'user' or 'model'")
  return role
}

function parseParts(content: unknown, reading: Reading, path: string): Part[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  const record = requireRecord(content, path)
  const parts = record['parts'] ?? (record['text'] === undefined ? [] : [record])
  const list = Array.isArray(parts) ? parts : [parts]
  return list.map((part, index) => parsePart(part, reading, `${path}.parts[${index}]`))
}
