import type { Part, ReasoningPart, ToolCallPart, ToolResultPart } from '../../../conversation/part.ts'
import type { ConversationMessage } from '../../../conversation/request.ts'
import type { ToolNames } from '../../tool-names.ts'
import { encodeInputPart } from './encode-content.ts'

type Item = Record<string, unknown>

/** What encoding the input needs beside its messages; `dropped` gathers what the wire has no place for. */
export interface InputEncoding {
  readonly toolNames: ToolNames
  readonly dropped: string[]
}

interface EncodedInput {
  /** The leading system text, null when there is none. */
  readonly instructions: string | null
  readonly input: readonly Item[]
}

/** Messages as instructions and items. */
export function encodeInput(messages: readonly ConversationMessage[], encoding: InputEncoding): EncodedInput {
  const firstOther = messages.findIndex((message) => !isPlainSystem(message))
  const leading = firstOther === -1 ? messages : messages.slice(0, firstOther)
  const texts = leading.flatMap(({ parts }) => parts.map((part) => (part.type === 'text' ? part.text : '')))
  const customCalls = new Set<string>()
  const input = messages
    .slice(leading.length)
    .flatMap((message) => encodeMessage(message, customCalls, encoding))
  return { instructions: texts.length === 0 ? null : texts.join('\n\n'), input }
}

function isPlainSystem({ role, parts }: ConversationMessage): boolean {
  return role === 'system' && parts.every((part) => part.type === 'text')
}

function encodeMessage(
  { role, parts }: ConversationMessage,
  customCalls: Set<string>,
  encoding: InputEncoding,
): Item[] {
  const items: Item[] = []
  let content: Item[] = []
  const flush = (): void => {
    if (content.length > 0) items.push({ role: role === 'tool' ? 'user' : role, content })
    content = []
  }
  for (const part of parts) {
    const own = encodeItem(part, customCalls, encoding)
    if (own !== null) {
      flush()
      items.push(...own)
      continue
    }
    const encoded = role === 'assistant' ? encodeOutputPart(part) : encodeInputPart(part)
    if (encoded === null) encoding.dropped.push(`messages[].content.${part.type}`)
    else content.push(encoded)
  }
  flush()
  return items
}

function encodeOutputPart(part: Part): Item | null {
  if (part.type === 'text') return { type: 'output_text', text: part.text, annotations: [] }
  return part.type === 'refusal' ? { type: 'refusal', refusal: part.text } : null
}

/** Parts that are items of their own; null for those inside a message. */
function encodeItem(part: Part, customCalls: Set<string>, encoding: InputEncoding): Item[] | null {
  switch (part.type) {
    case 'tool-call':
      if (part.kind === 'custom') customCalls.add(part.id)
      return [encodeCall(part, encoding)]
    case 'tool-result':
      return [encodeResult(part, customCalls.has(part.toolCallId), encoding)]
    case 'reasoning':
      return encodeReasoning(part, encoding)
    default:
      return null
  }
}

function encodeCall(call: ToolCallPart, { toolNames }: InputEncoding): Item {
  const name = toolNames.toUpstream(call.name)
  return call.kind === 'custom'
    ? { type: 'custom_tool_call', call_id: call.id, name, input: call.arguments }
    : { type: 'function_call', call_id: call.id, name, arguments: call.arguments || '{}' }
}

function encodeResult(result: ToolResultPart, isCustom: boolean, encoding: InputEncoding): Item {
  const type = isCustom ? 'custom_tool_call_output' : 'function_call_output'
  const isText = result.parts.every((part) => part.type === 'text')
  const text = result.parts.map((part) => (part.type === 'text' ? part.text : '')).join('\n')
  if (isText) return { type, call_id: result.toolCallId, output: result.isError ? `Error: ${text}` : text }
  const output: Item[] = result.isError ? [{ type: 'input_text', text: 'Error:' }] : []
  for (const part of result.parts) {
    const encoded = encodeInputPart(part)
    if (encoded === null) encoding.dropped.push(`messages[].tool_result.${part.type}`)
    else output.push(encoded)
  }
  return { type, call_id: result.toolCallId, output }
}

/** Thinking goes back only with what its provider encrypted; never as visible text. */
function encodeReasoning({ text, signature, redacted }: ReasoningPart, { dropped }: InputEncoding): Item[] {
  const encrypted = signature ?? redacted
  if (encrypted === null) {
    dropped.push('messages[].reasoning')
    return []
  }
  const summary = text === '' ? [] : [{ type: 'summary_text', text }]
  return [{ type: 'reasoning', summary, encrypted_content: encrypted }]
}
