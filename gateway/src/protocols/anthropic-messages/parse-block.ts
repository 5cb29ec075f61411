import type { BlobCarrier } from '../../conversation/blob-carrier.ts'
import type { BlobForm } from '../../conversation/blob-sealer.ts'
import {
  type JsonRecord,
  readRecord,
  readRecords,
  readString,
  readText,
} from '../../conversation/json-value.ts'
import type { Citation, Part, ReasoningPart, TextPart, ToolResultPart } from '../../conversation/part.ts'
import { cacheMark } from '../cache-mark.ts'
import { invalidField, requireRecord, requireString } from '../field-reader.ts'
import { nativeFamily } from './native-family.ts'
import { parseDocument, parseImage, parseSearchResult } from './parse-media.ts'

/** Content blocks as parts. Blocks of unknown type stay whole as opaque parts; empty texts say nothing. */
export function parseBlocks(blocks: readonly unknown[], path: string, carrier: BlobCarrier | null): Part[] {
  return blocks.flatMap((block, index) => {
    const at = `${path}[${index}]`
    return typeof block === 'string'
      ? { type: 'text', text: block }
      : parseBlock(requireRecord(block, at), at, carrier)
  })
}

function parseBlock(block: JsonRecord, path: string, carrier: BlobCarrier | null): Part | readonly Part[] {
  switch (requireString(block['type'], `${path}.type`)) {
    case 'text':
      return parseText(block, path)
    case 'image':
      return parseImage(block, path)
    case 'document':
      return parseDocument(block, path)
    case 'search_result':
      return parseSearchResult(block)
    case 'tool_use':
      return parseToolUse(block, path)
    case 'tool_result':
      return parseToolResult(block, path)
    case 'thinking':
      return parseThinkingBlock(readString(block['thinking']) ?? '', block['signature'], 'signature', carrier)
    case 'redacted_thinking':
      return parseThinkingBlock('', block['data'], 'redacted', carrier)
    default:
      return { type: 'opaque', dialect: 'anthropic-messages', value: block }
  }
}

function parseText(block: JsonRecord, path: string): readonly TextPart[] {
  const text = requireString(block['text'], `${path}.text`)
  if (text === '') return []
  const citations = readRecords(block['citations']).map(parseCitation)
  return [{ type: 'text', text, ...(citations.length === 0 ? {} : { citations }), ...cacheMark(block) }]
}

function parseCitation(native: JsonRecord): Citation {
  return {
    url: readText(native['url']),
    title: readText(native['title']) ?? readText(native['document_title']),
    citedText: readText(native['cited_text']),
    native,
  }
}

function parseToolUse(block: JsonRecord, path: string): Part {
  return {
    type: 'tool-call',
    id: requireString(block['id'], `${path}.id`),
    name: requireString(block['name'], `${path}.name`),
    kind: 'function',
    arguments: JSON.stringify(readRecord(block['input']) ?? {}),
    ...cacheMark(block),
  }
}

function parseToolResult(block: JsonRecord, path: string): ToolResultPart {
  return {
    type: 'tool-result',
    toolCallId: requireString(block['tool_use_id'], `${path}.tool_use_id`),
    parts: parseResultContent(block['content'], `${path}.content`),
    isError: block['is_error'] === true,
    ...cacheMark(block),
  }
}

function parseResultContent(content: unknown, path: string): readonly Part[] {
  if (content === undefined || content === null) return []
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  if (Array.isArray(content)) return parseBlocks(content, path, null)
  throw invalidField(path, 'a string or an array of content blocks')
}

/** Thinking whose signature is not the target's keeps only its text; encrypted thinking of others keeps nothing. */
function parseThinkingBlock(
  text: string,
  blob: unknown,
  form: BlobForm,
  carrier: BlobCarrier | null,
): readonly ReasoningPart[] {
  const opened = carrier?.unwrap(readString(blob) ?? '', form, nativeFamily) ?? null
  if (opened?.form === 'redacted')
    return [{ type: 'reasoning', text: '', signature: null, redacted: opened.payload }]
  if (opened === null && text === '') return []
  return [{ type: 'reasoning', text, signature: opened?.payload ?? null, redacted: null }]
}
