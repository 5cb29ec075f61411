import { parseJson, readRecord } from '../../conversation/json-value.ts'
import type { Part, ReasoningPart, ToolCallPart } from '../../conversation/part.ts'
import { splitThoughtCallId } from '../../conversation/thought-call-id.ts'
import { encodeAudio, encodeDocument, encodeImage } from './encode-media.ts'
import type { Body, Encoding } from './encoding.ts'

/** A part, null for one that must not or cannot be sent; losses are noted. Tool results are written by their turn. */
export function encodePart(part: Part, encoding: Encoding): Body | null {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return part.text === '' ? null : { text: part.text }
    case 'image':
      return encodeImage(part)
    case 'document':
      return encodeDocument(part)
    case 'audio':
      return encodeAudio(part.data, part.format)
    case 'tool-call':
      return encodeCall(part, encoding)
    case 'reasoning':
      return encodeThought(part, encoding)
    case 'opaque':
      if (part.dialect === 'google-generate') return { ...part.value }
      encoding.dropped.push('messages[].content[].opaque')
      return null
    case 'tool-result':
      return null
  }
}

/**
 * Signed thinking goes back to who signed it. Chat clients send signatures of any provider alike, and only those of
 * calls must come back.
 */
function encodeThought({ text, signature }: ReasoningPart, { request, dropped }: Encoding): Body | null {
  if (signature !== null && request.dialect !== 'openai-chat')
    return { text, thought: true, thoughtSignature: signature }
  dropped.push('messages[].reasoning_content')
  return null
}

/** Arguments become an object here; what is not a JSON object is kept as `_raw` text, never refused. */
function encodeCall(call: ToolCallPart, { toolNames, target }: Encoding): Body {
  const { id, signature } = splitThoughtCallId(call.id)
  const functionCall: Body = { name: toolNames.toUpstream(call.name), args: argumentsOf(call) }
  if (target.provider.quirks.supportsToolCallIds !== false) functionCall['id'] = id
  return signature === null ? { functionCall } : { functionCall, thoughtSignature: signature }
}

function argumentsOf(call: ToolCallPart): Body {
  if (call.kind === 'custom') return { input: call.arguments }
  if (call.arguments.trim() === '') return {}
  return (readRecord(parseJson(call.arguments)) as Body | null) ?? { _raw: call.arguments }
}
