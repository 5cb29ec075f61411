import type { MediaSource, Part, ToolCallPart } from '../../conversation/part.ts'
import { refuse } from '../refuse.ts'
import { readArguments } from '../tool-arguments.ts'
import type { WireEncoding } from '../wire-encoding.ts'

type Message = Record<string, unknown>

/** Messages of `/api/chat`: text in `content`, images as bare base64 beside it, each tool result a message of its own. */
export function encodeMessages(encoding: WireEncoding): Message[] {
  const messages: Message[] = []
  const callNames = new Map<string, string>()
  for (const { role, parts } of encoding.request.messages) {
    for (const part of parts) {
      if (part.type === 'tool-call') callNames.set(part.id, encoding.toolNames.toUpstream(part.name))
      if (part.type !== 'tool-result') continue
      const message = encodePlain('tool', part.parts, encoding)
      const name = callNames.get(part.toolCallId)
      if (name !== undefined) message['tool_name'] = name
      message['tool_call_id'] = part.toolCallId
      if (part.isError) message['content'] = `Error: ${String(message['content'])}`
      messages.push(message)
    }
    const others = parts.filter((part) => part.type !== 'tool-result')
    if (others.length === 0) continue
    if (role === 'assistant') messages.push(encodeAssistant(others, encoding))
    else messages.push(encodePlain(upstreamRoles[role], others, encoding))
  }
  return messages
}

const upstreamRoles = { system: 'system', developer: 'system', user: 'user', tool: 'user' } as const

function encodePlain(role: string, parts: readonly Part[], encoding: WireEncoding): Message {
  const texts: string[] = []
  const images: string[] = []
  for (const part of parts) encodePart(part, texts, images, encoding)
  const message: Message = { role, content: texts.join('\n') }
  if (images.length > 0) message['images'] = images
  return message
}

function encodeAssistant(parts: readonly Part[], encoding: WireEncoding): Message {
  const message = encodePlain('assistant', parts, encoding)
  const thinking = parts.flatMap((part) => (part.type === 'reasoning' && part.text !== '' ? part.text : []))
  if (thinking.length > 0) message['thinking'] = thinking.join('')
  const calls = parts.filter((part) => part.type === 'tool-call')
  if (calls.length > 0) message['tool_calls'] = calls.map((call) => encodeToolCall(call, encoding))
  return message
}

function encodeToolCall(call: ToolCallPart, { toolNames }: WireEncoding): Message {
  return { id: call.id, function: { name: toolNames.toUpstream(call.name), arguments: readArguments(call) } }
}

function encodePart(part: Part, texts: string[], images: string[], encoding: WireEncoding): void {
  switch (part.type) {
    case 'text':
    case 'refusal':
      texts.push(part.text)
      return
    case 'image':
      encodeImage(part.source, images, encoding)
      return
    case 'document':
      if (part.source.kind === 'text') texts.push(part.source.text)
      else refuse('messages[].content[].file', encoding)
      return
    case 'audio':
      refuse('messages[].content[].input_audio', encoding)
      return
    case 'opaque':
      encoding.dropped.push('messages[].content[].opaque')
  }
}

/** The server fetches nothing, so only images that are in the request can be sent. */
function encodeImage(source: MediaSource, images: string[], encoding: WireEncoding): void {
  if (source.kind === 'base64') images.push(source.data)
  else refuse('messages[].content[].image_url', encoding)
}
