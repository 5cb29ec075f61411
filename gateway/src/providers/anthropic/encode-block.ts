import { parseJson, readRecord } from '../../conversation/json-value.ts'
import type { Citation, Part, ReasoningPart, ToolCallPart, ToolResultPart } from '../../conversation/part.ts'
import { refuse } from '../refuse.ts'
import { fitWordId } from '../tool-ids.ts'
import { encodeDocument, encodeImage } from './encode-media.ts'
import type { Block, Encoding } from './encoding.ts'

/** A content block, null for a part that must not or cannot be sent; losses are noted. */
export function encodeBlock(part: Part, encoding: Encoding): Block | null {
  const block = encodeUnmarked(part, encoding)
  if (block === null || !('cacheControl' in part) || part.cacheControl === undefined) return block
  return { ...block, cache_control: part.cacheControl }
}

function encodeUnmarked(part: Part, encoding: Encoding): Block | null {
  switch (part.type) {
    case 'text':
      return encodeText(part.text, part.citations, encoding)
    case 'refusal':
      return encodeText(part.text, undefined, encoding)
    case 'image':
      return encodeImage(part, encoding)
    case 'document':
      return encodeDocument(part, encoding)
    case 'audio':
      refuse('messages[].content[].input_audio', encoding)
      return null
    case 'tool-call':
      return encodeToolUse(part, encoding)
    case 'tool-result':
      return encodeToolResult(part, encoding)
    case 'reasoning':
      return encodeReasoning(part, encoding)
    case 'opaque':
      if (part.dialect === 'anthropic-messages') return { ...part.value }
      encoding.dropped.push('messages[].content[].opaque')
      return null
  }
}

/** Empty text blocks are refused upstream, so they are left out. */
function encodeText(
  text: string,
  citations: readonly Citation[] | undefined,
  encoding: Encoding,
): Block | null {
  if (text.trim() === '') return null
  const isOwn = encoding.request.dialect === 'anthropic-messages' && citations !== undefined
  return isOwn
    ? { type: 'text', text, citations: citations.map(({ native }) => native) }
    : { type: 'text', text }
}

/** Arguments become an object here; what is not a JSON object is kept as `_raw` text, never refused. */
function encodeToolUse(call: ToolCallPart, { toolNames }: Encoding): Block {
  const head = { type: 'tool_use', id: fitWordId(call.id), name: toolNames.toUpstream(call.name) }
  if (call.kind === 'custom') return { ...head, input: { input: call.arguments } }
  if (call.arguments.trim() === '') return { ...head, input: {} }
  return { ...head, input: readRecord(parseJson(call.arguments)) ?? { _raw: call.arguments } }
}

function encodeToolResult(result: ToolResultPart, encoding: Encoding): Block {
  const block: Block = { type: 'tool_result', tool_use_id: fitWordId(result.toolCallId) }
  const content = result.parts.map((part) => encodeBlock(part, encoding)).filter((inner) => inner !== null)
  if (content.length > 0) block['content'] = content
  if (result.isError) block['is_error'] = true
  return block
}

/** Verbatim with its signature; unsigned thinking is refused upstream and left out. */
function encodeReasoning(part: ReasoningPart, { dropped }: Encoding): Block | null {
  if (part.redacted !== null) return { type: 'redacted_thinking', data: part.redacted }
  if (part.signature !== null) return { type: 'thinking', thinking: part.text, signature: part.signature }
  dropped.push('messages[].reasoning_content')
  return null
}
