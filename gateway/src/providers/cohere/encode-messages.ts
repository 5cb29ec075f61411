import type { MediaSource, Part, ToolCallPart, ToolResultPart } from '../../conversation/part.ts'
import { refuse } from '../refuse.ts'
import type { WireEncoding } from '../wire-encoding.ts'

type Message = Record<string, unknown>

/** Messages of `/v2/chat`: each tool result a message of its own, before the rest of its turn. */
export function encodeMessages(encoding: WireEncoding): Message[] {
  const messages: Message[] = []
  for (const { role, parts } of encoding.request.messages) {
    for (const part of parts) if (part.type === 'tool-result') messages.push(encodeResult(part, encoding))
    const others = parts.filter((part) => part.type !== 'tool-result')
    if (others.length === 0) continue
    if (role === 'assistant') messages.push(encodeAssistant(others, encoding))
    else {
      const content = encodeContent(others, encoding)
      if (content.length > 0) messages.push({ role: upstreamRoles[role], content: simplify(content) })
    }
  }
  return messages
}

const upstreamRoles = { system: 'system', developer: 'system', user: 'user', tool: 'user' } as const

/** Thinking before a tool call is the call's plan; before an answer it is a part of the content. */
function encodeAssistant(parts: readonly Part[], encoding: WireEncoding): Message {
  const message: Message = { role: 'assistant' }
  const calls = parts.filter((part) => part.type === 'tool-call')
  const thoughts = parts.flatMap((part) => (part.type === 'reasoning' && part.text !== '' ? part.text : []))
  const content = encodeContent(parts, encoding)
  if (calls.length > 0) message['tool_calls'] = calls.map((call) => encodeCall(call, encoding))
  if (calls.length > 0 && thoughts.length > 0) message['tool_plan'] = thoughts.join('')
  else content.unshift(...thoughts.map((thinking) => ({ type: 'thinking', thinking })))
  if (content.length > 0) message['content'] = simplify(content)
  return message
}

function encodeCall({ id, name, kind, arguments: text }: ToolCallPart, { toolNames }: WireEncoding): Message {
  const given = kind === 'custom' ? JSON.stringify({ input: text }) : text.trim() === '' ? '{}' : text
  return { id, type: 'function', function: { name: toolNames.toUpstream(name), arguments: given } }
}

function encodeResult(result: ToolResultPart, encoding: WireEncoding): Message {
  const texts: string[] = []
  for (const part of result.parts) {
    if (part.type === 'text') texts.push(part.text)
    else encoding.dropped.push(`messages[].tool_result.${part.type}`)
  }
  const text = texts.join('\n')
  return { role: 'tool', tool_call_id: result.toolCallId, content: result.isError ? `Error: ${text}` : text }
}

/** One text as a plain string. */
function simplify(content: readonly Message[]): string | readonly Message[] {
  const [first] = content
  return content.length === 1 && first?.['type'] === 'text' ? String(first['text']) : content
}

function encodeContent(parts: readonly Part[], encoding: WireEncoding): Message[] {
  return parts.map((part) => encodePart(part, encoding)).filter((block) => block !== null)
}

function encodePart(part: Part, encoding: WireEncoding): Message | null {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return part.text === '' ? null : { type: 'text', text: part.text }
    case 'image': {
      const url = imageUrl(part.source)
      if (url !== null) return { type: 'image_url', image_url: { url } }
      refuse('messages[].content[].image_url', encoding)
      return null
    }
    case 'document':
      if (part.source.kind === 'text') return { type: 'text', text: part.source.text }
      refuse('messages[].content[].file', encoding)
      return null
    case 'audio':
      refuse('messages[].content[].input_audio', encoding)
      return null
    case 'opaque':
      encoding.dropped.push('messages[].content[].opaque')
      return null
    default:
      return null
  }
}

function imageUrl(source: MediaSource): string | null {
  if (source.kind === 'url') return source.url
  return source.kind === 'base64' ? `data:${source.mediaType ?? 'image/png'};base64,${source.data}` : null
}
