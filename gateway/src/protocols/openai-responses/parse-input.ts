import type { BlobCarrier } from '../../conversation/blob-carrier.ts'
import { type JsonRecord, readRecords, readString, readText } from '../../conversation/json-value.ts'
import type { Part, ReasoningPart, ToolCallPart } from '../../conversation/part.ts'
import type { ConversationMessage, MessageRole } from '../../conversation/request.ts'
import { invalidField, requireRecord, requireString } from '../field-reader.ts'
import { nativeFamily } from './native-family.ts'
import { parseContent } from './parse-content.ts'
import { flattenName } from './tool-namespaces.ts'

const roles = new Set(['system', 'developer', 'user', 'assistant'])

/** The input of a response: one text, or a list of items. */
export function parseInput(input: unknown, carrier: BlobCarrier): ConversationMessage[] {
  if (typeof input === 'string') return [{ role: 'user', parts: [{ type: 'text', text: input }] }]
  if (!Array.isArray(input)) throw invalidField('input', 'a string or an array of items')
  const turns = new Turns(carrier)
  input.forEach((item, index) => {
    const path = `input[${index}]`
    turns.add(requireRecord(item, path), path)
  })
  return turns.messages
}

interface Turn extends ConversationMessage {
  readonly parts: Part[]
}

/** Items become turns: what an assistant said and called side by side is one message of it. */
class Turns {
  readonly messages: Turn[] = []
  readonly #calls = new Set<string>()
  readonly #carrier: BlobCarrier

  constructor(carrier: BlobCarrier) {
    this.#carrier = carrier
  }

  add(item: JsonRecord, path: string): void {
    switch (item['type'] ?? 'message') {
      case 'message':
        this.#addMessage(item, path)
        return
      case 'function_call':
      case 'custom_tool_call':
      case 'apply_patch_call':
        this.#addCall(parseCall(item, path))
        return
      case 'function_call_output':
      case 'custom_tool_call_output':
      case 'apply_patch_call_output':
        this.#addResult(item, path)
        return
      case 'reasoning':
        this.#push('assistant', parseReasoning(item, this.#carrier))
        return
      case 'item_reference':
        throw invalidField(path, `an item; '${String(item['id'])}' is not stored here`)
      default:
        this.#push('assistant', [{ type: 'opaque', dialect: 'openai-responses', value: item }])
    }
  }

  #addMessage(item: JsonRecord, path: string): void {
    const role = requireString(item['role'], `${path}.role`)
    if (!roles.has(role)) throw invalidField(`${path}.role`, `one of ${[...roles].join(', ')}`)
    this.#push(role as MessageRole, parseContent(item['content'], `${path}.content`))
  }

  #addCall(call: ToolCallPart): void {
    this.#calls.add(call.id)
    this.#push('assistant', [call])
  }

  /** No provider takes a result without its call, so a lost call is made up. */
  #addResult(item: JsonRecord, path: string): void {
    const id = requireString(item['call_id'], `${path}.call_id`)
    if (!this.#calls.has(id)) {
      const name = flattenName(readText(item['namespace']), readText(item['name']) ?? 'unknown')
      this.#addCall({ type: 'tool-call', id, name, kind: 'function', arguments: '{}' })
    }
    const parts = parseContent(item['output'], `${path}.output`)
    const isError = item['type'] === 'apply_patch_call_output' && item['status'] === 'failed'
    this.messages.push({ role: 'tool', parts: [{ type: 'tool-result', toolCallId: id, parts, isError }] })
  }

  #push(role: MessageRole, parts: Part[]): void {
    const last = this.messages.at(-1)
    if (role === 'assistant' && last?.role === 'assistant') last.parts.push(...parts)
    else this.messages.push({ role, parts })
  }
}

function parseCall(item: JsonRecord, path: string): ToolCallPart {
  const id = requireString(item['call_id'], `${path}.call_id`)
  if (item['type'] === 'apply_patch_call') {
    const text = JSON.stringify(item['operation'] ?? {})
    return { type: 'tool-call', id, name: 'apply_patch', kind: 'custom', arguments: text }
  }
  const name = flattenName(readText(item['namespace']), requireString(item['name'], `${path}.name`))
  const isCustom = item['type'] === 'custom_tool_call'
  const given = item[isCustom ? 'input' : 'arguments'] ?? ''
  const text = typeof given === 'string' ? given : JSON.stringify(given)
  return { type: 'tool-call', id, name, kind: isCustom ? 'custom' : 'function', arguments: text }
}

/** Thinking with what its provider signed or encrypted; what another provider gave is of no use and is left out. */
function parseReasoning(item: JsonRecord, carrier: BlobCarrier): ReasoningPart[] {
  const texts = [...readRecords(item['content']), ...readRecords(item['summary'])]
  const text = texts.map((part) => readString(part['text']) ?? '').join('\n\n')
  const encrypted = readText(item['encrypted_content'])
  const blob =
    encrypted === null
      ? null
      : carrier.unwrap(encrypted, text === '' ? 'redacted' : 'signature', nativeFamily)
  if (blob?.form === 'redacted' && text === '')
    return [{ type: 'reasoning', text, signature: null, redacted: blob.payload }]
  if (blob === null && (text === '' || encrypted !== null)) return []
  return [{ type: 'reasoning', text, signature: blob?.payload ?? null, redacted: null }]
}
