import type { Part, ReasoningPart, ToolCallPart, ToolResultPart } from '../../conversation/part.ts'
import type { ConversationMessage } from '../../conversation/request.ts'
import { splitThoughtCallId } from '../../conversation/thought-call-id.ts'
import type { ToolNames } from '../tool-names.ts'
import type { WireTarget } from '../wire.ts'
import { encodeContentPart } from './encode-content.ts'

type EncodedMessage = Record<string, unknown>

/** What encoding messages needs beside them; `dropped` gathers what the wire has no place for. */
export interface MessageEncoding {
  readonly target: WireTarget
  readonly toolNames: ToolNames
  /** Prompt-cache marks are kept only for targets that know them. */
  readonly keepsCacheControl: boolean
  /** Free-text calls are written as calls of the functions that stand in for their tools. */
  readonly wrapsCustomCalls: boolean
  readonly dropped: string[]
}

/** Messages of the chat wire: tool results first, each a message of its own, then the rest of their turn. */
export function encodeMessages(
  messages: readonly ConversationMessage[],
  encoding: MessageEncoding,
): EncodedMessage[] {
  const encoded: EncodedMessage[] = []
  let pendingImages: Part[] = []
  for (const message of messages) {
    const results = message.parts.filter((part) => part.type === 'tool-result')
    const others = message.parts.filter((part) => part.type !== 'tool-result')
    if (pendingImages.length > 0 && results.length === 0) {
      encoded.push({ role: 'user', content: encodeContent(pendingImages, encoding) })
      pendingImages = []
    }
    for (const result of results) encoded.push(encodeToolResult(result, encoding, pendingImages))
    const encodedMessage =
      message.role === 'assistant'
        ? encodeAssistant(others, message.name, encoding)
        : encodePlain({ ...message, parts: others }, encoding)
    if (encodedMessage !== null) encoded.push(encodedMessage)
  }
  if (pendingImages.length > 0) {
    encoded.push({ role: 'user', content: encodeContent(pendingImages, encoding) })
  }
  return encoded
}

/** Null when nothing of the message is left. */
function encodePlain(
  { role, parts, name }: ConversationMessage,
  encoding: MessageEncoding,
): EncodedMessage | null {
  const isPrompt = role === 'system' || role === 'developer'
  const content = (isPrompt ? joinTexts(parts, encoding) : null) ?? encodeContent(parts, encoding)
  if (content.length === 0) return null
  const message: EncodedMessage = { role: role === 'tool' ? 'user' : role, content }
  if (name !== undefined) message['name'] = name
  return message
}

/** A system prompt of several blocks as one text, which every vendor takes; null when that would lose something. */
function joinTexts(parts: readonly Part[], { keepsCacheControl }: MessageEncoding): string | null {
  const texts = parts.flatMap((part) => (part.type === 'text' ? part : []))
  const isMarked = keepsCacheControl && texts.some((part) => part.cacheControl !== undefined)
  return texts.length < parts.length || isMarked ? null : texts.map((part) => part.text).join('\n\n')
}

/** One text without a mark as a plain string, anything else as a list of parts. */
function encodeContent(parts: readonly Part[], encoding: MessageEncoding): string | EncodedMessage[] {
  const [first] = parts
  if (parts.length === 1 && first?.type === 'text') {
    if (first.cacheControl === undefined || !encoding.keepsCacheControl) return first.text
  }
  const list: EncodedMessage[] = []
  for (const part of parts) {
    const encoded = encodeContentPart(part, encoding.keepsCacheControl)
    if (encoded === null) encoding.dropped.push(`messages[].content.${part.type}`)
    else list.push(encoded)
  }
  return list
}

/** Tool messages take text only, so images of a result follow in a user message. */
function encodeToolResult(result: ToolResultPart, encoding: MessageEncoding, images: Part[]): EncodedMessage {
  const texts: string[] = []
  for (const part of result.parts) {
    if (part.type === 'text') texts.push(part.text)
    else if (part.type === 'image' || part.type === 'document') images.push(part)
    else encoding.dropped.push(`messages[].tool_result.${part.type}`)
  }
  const text = texts.join('\n')
  const content = result.isError ? `Error: ${text}` : text
  return { role: 'tool', tool_call_id: splitThoughtCallId(result.toolCallId).id, content }
}

function encodeAssistant(
  parts: readonly Part[],
  name: string | undefined,
  encoding: MessageEncoding,
): EncodedMessage | null {
  const message: EncodedMessage = { role: 'assistant' }
  const content = parts.filter(
    (part) => part.type === 'text' || part.type === 'image' || part.type === 'opaque',
  )
  const calls = parts.filter((part) => part.type === 'tool-call')
  const refusal = parts.flatMap((part) => (part.type === 'refusal' ? part.text : []))
  const isTextOnly = content.every((part) => part.type === 'text' && part.cacheControl === undefined)
  if (content.length === 0) message['content'] = null
  else if (isTextOnly)
    message['content'] = content.map((part) => (part.type === 'text' ? part.text : '')).join('')
  else message['content'] = encodeContent(content, encoding)
  if (refusal.length > 0) message['refusal'] = refusal.join('')
  if (name !== undefined) message['name'] = name
  if (calls.length > 0) message['tool_calls'] = calls.map((call) => encodeToolCall(call, encoding))
  const reasoning = parts.filter((part) => part.type === 'reasoning')
  if (reasoning.length > 0) addReasoning(message, reasoning, encoding)
  const saysNothing = message['content'] === null && Object.keys(message).length === 2
  return saysNothing ? null : message
}

function encodeToolCall(
  call: ToolCallPart,
  { toolNames, wrapsCustomCalls }: MessageEncoding,
): EncodedMessage {
  const name = toolNames.toUpstream(call.name)
  const { id } = splitThoughtCallId(call.id)
  if (call.kind === 'custom' && wrapsCustomCalls) {
    const text = JSON.stringify({ input: call.arguments })
    return { id, type: 'function', function: { name, arguments: text } }
  }
  if (call.kind === 'custom') return { id, type: 'custom', custom: { name, input: call.arguments } }
  return { id, type: 'function', function: { name, arguments: call.arguments } }
}

/** Null for thinking without a signature, which Claude refuses. */
function encodeThinkingBlock({ text, signature, redacted }: ReasoningPart): EncodedMessage | null {
  if (redacted !== null) return { type: 'redacted_thinking', data: redacted }
  return signature === null ? null : { type: 'thinking', thinking: text, signature }
}

/** Thinking goes back only to targets known to read it; never as visible text. */
function addReasoning(
  message: EncodedMessage,
  parts: readonly ReasoningPart[],
  encoding: MessageEncoding,
): void {
  const { provider, upstreamModel } = encoding.target
  if (upstreamModel.includes('claude')) {
    const blocks = parts.map(encodeThinkingBlock).filter((block) => block !== null)
    if (blocks.length > 0) message['thinking_blocks'] = blocks
  } else if (provider.quirks.reasoningField !== undefined) {
    message[provider.quirks.reasoningField] = parts.map((part) => part.text).join('')
  } else {
    encoding.dropped.push('messages[].reasoning')
  }
}
