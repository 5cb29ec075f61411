import type { CacheControl, Part, ReasoningPart, ToolResultPart } from '../../conversation/part.ts'
import { refuse } from '../refuse.ts'
import { readArguments } from '../tool-arguments.ts'
import { fitWordId } from '../tool-ids.ts'
import { encodeDocument, encodeImage } from './encode-media.ts'
import type { Block, Encoding } from './encoding.ts'

/** The content block of a part and, behind it, its cache mark. Nothing for what must not or cannot be sent. */
export function encodePart(part: Part, encoding: Encoding): Block[] {
  const block = encodeUnmarked(part, encoding)
  if (block === null) return []
  const mark = 'cacheControl' in part ? encodeCacheMark(part.cacheControl, encoding) : null
  return mark === null ? [block] : [block, mark]
}

/** A prompt-cache mark, null for none and for models that refuse them. */
export function encodeCacheMark(mark: CacheControl | undefined, { facts, dropped }: Encoding): Block | null {
  if (mark === undefined) return null
  if (facts.acceptsCachePoints) {
    return { cachePoint: { type: 'default', ...(mark['ttl'] === '1h' ? { ttl: '1h' } : {}) } }
  }
  dropped.push('cache_control')
  return null
}

function encodeUnmarked(part: Part, encoding: Encoding): Block | null {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return part.text.trim() === '' ? null : { text: part.text }
    case 'image':
      return encodeImage(part.source, encoding)
    case 'document':
      return encodeDocument(part, encoding)
    case 'audio':
      refuse('messages[].content[].input_audio', encoding)
      return null
    case 'tool-call': {
      const name = encoding.toolNames.toUpstream(part.name)
      return { toolUse: { toolUseId: fitWordId(part.id), name, input: readArguments(part) } }
    }
    case 'tool-result':
      return encodeToolResult(part, encoding)
    case 'reasoning':
      return encodeReasoning(part, encoding)
    case 'opaque':
      if (part.dialect === 'bedrock-converse') return { ...part.value }
      encoding.dropped.push('messages[].content[].opaque')
      return null
  }
}

/** What a result without content says, because neither nothing nor white space is accepted. */
const emptyResult = { text: '(no output)' }

function encodeToolResult(result: ToolResultPart, encoding: Encoding): Block {
  const content = result.parts.flatMap((part) => encodeUnmarked(part, encoding) ?? [])
  const status = result.isError ? { status: 'error' } : {}
  const toolUseId = fitWordId(result.toolCallId)
  return { toolResult: { toolUseId, content: content.length > 0 ? content : [emptyResult], ...status } }
}

/** Verbatim with its signature; thinking that nobody signed is refused upstream and left out. */
function encodeReasoning(part: ReasoningPart, { dropped }: Encoding): Block | null {
  if (part.redacted !== null) return { reasoningContent: { redactedContent: part.redacted } }
  if (part.signature !== null) {
    return { reasoningContent: { reasoningText: { text: part.text, signature: part.signature } } }
  }
  dropped.push('messages[].reasoning_content')
  return null
}
