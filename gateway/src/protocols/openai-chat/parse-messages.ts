import {
  type JsonRecord,
  readList,
  readRecord,
  readRecords,
  readString,
  readText,
} from '../../conversation/json-value.ts'
import type { Part, ReasoningPart, ToolCallPart } from '../../conversation/part.ts'
import type { ConversationMessage, MessageRole } from '../../conversation/request.ts'
import { cacheMark } from '../cache-mark.ts'
import { invalidField, requireList, requireRecord, requireString } from '../field-reader.ts'
import { parseContent } from './parse-content.ts'

const roles = new Set(['system', 'developer', 'user', 'assistant', 'tool', 'function'])

export function parseMessages(value: unknown): ConversationMessage[] {
  const messages = requireList(value, 'messages')
  if (messages.length === 0) throw invalidField('messages', 'at least one message')
  return messages.map((message, index) => parseMessage(message, `messages[${index}]`))
}

function parseMessage(value: unknown, path: string): ConversationMessage {
  const message = requireRecord(value, path)
  const role = requireString(message['role'], `${path}.role`)
  if (!roles.has(role)) throw invalidField(`${path}.role`, `one of ${[...roles].join(', ')}`)
  const name = readText(message['name']) ?? undefined
  if (role === 'tool' || role === 'function')
    return { role: 'tool', parts: [parseToolResult(message, role, path)] }
  const parts =
    role === 'assistant' ? parseAssistant(message, path) : parseContent(message['content'], `${path}.content`)
  return { role: role as MessageRole, parts: markLast(parts, message), name }
}

/** A mark on the message counts for its last part. */
function markLast(parts: Part[], message: JsonRecord): Part[] {
  const last = parts.at(-1)
  const mark = cacheMark(message)
  if (last === undefined || mark.cacheControl === undefined || 'cacheControl' in last) return parts
  if (
    last.type === 'text' ||
    last.type === 'image' ||
    last.type === 'document' ||
    last.type === 'tool-call'
  ) {
    return [...parts.slice(0, -1), { ...last, ...mark }]
  }
  return parts
}

/** Results of the older function form are matched to their call by name. */
function parseToolResult(message: JsonRecord, role: string, path: string): Part {
  const idMember = role === 'tool' ? 'tool_call_id' : 'name'
  const id = requireString(message[idMember], `${path}.${idMember}`)
  return {
    type: 'tool-result',
    toolCallId: role === 'tool' ? id : functionCallId(id),
    parts: parseContent(message['content'], `${path}.content`),
    isError: false,
    ...cacheMark(message),
  }
}

function parseAssistant(message: JsonRecord, path: string): Part[] {
  const parts: Part[] = [...parseReasoning(message), ...parseContent(message['content'], `${path}.content`)]
  const refusal = readText(message['refusal'])
  if (refusal !== null) parts.push({ type: 'refusal', text: refusal })
  const audio = readRecord(message['audio'])
  if (audio !== null) parts.push({ type: 'opaque', dialect: 'openai-chat', value: { audio } })
  const calls = readList(message['tool_calls'])
  parts.push(...calls.map((call, index) => parseToolCall(call, `${path}.tool_calls[${index}]`)))
  const legacy = readRecord(message['function_call'])
  if (legacy !== null) {
    const name = requireString(legacy['name'], `${path}.function_call.name`)
    const text = readString(legacy['arguments']) ?? ''
    parts.push({ type: 'tool-call', id: functionCallId(name), name, kind: 'function', arguments: text })
  }
  return parts
}

function parseToolCall(value: unknown, path: string): ToolCallPart {
  const call = requireRecord(value, path)
  const id = requireString(call['id'], `${path}.id`)
  if (call['type'] === 'custom') {
    const custom = requireRecord(call['custom'], `${path}.custom`)
    const name = requireString(custom['name'], `${path}.custom.name`)
    const input = readString(custom['input']) ?? ''
    return { type: 'tool-call', id, name, kind: 'custom', arguments: input, ...cacheMark(call) }
  }
  const body = requireRecord(call['function'], `${path}.function`)
  const name = requireString(body['name'], `${path}.function.name`)
  const given = body['arguments'] ?? ''
  const text = typeof given === 'string' ? given : JSON.stringify(given)
  return { type: 'tool-call', id, name, kind: 'function', arguments: text, ...cacheMark(call) }
}

/** Thinking a client sends back: whole blocks with signatures when it kept them, else the bare text. */
function parseReasoning(message: JsonRecord): ReasoningPart[] {
  const blocks = readRecords(message['thinking_blocks'])
  if (blocks.length > 0) return blocks.map(parseThinkingBlock)
  const text = readText(message['reasoning_content']) ?? readText(message['reasoning'])
  return text === null ? [] : [{ type: 'reasoning', text, signature: null, redacted: null }]
}

function parseThinkingBlock(block: JsonRecord): ReasoningPart {
  return {
    type: 'reasoning',
    text: readString(block['thinking']) ?? '',
    signature: readText(block['signature']),
    redacted: readText(block['data']),
  }
}

function functionCallId(name: string): string {
  return `call_${name}`
}
