import type { BlobCarrier } from '../../conversation/blob-carrier.ts'
import { parseJson, readRecord } from '../../conversation/json-value.ts'
import type { Citation, ImagePart, OpaquePart, ReasoningPart, ToolCallPart } from '../../conversation/part.ts'
import type { ReplyPart } from '../../conversation/reply.ts'
import { nativeFamily } from './native-family.ts'

export type Block = Readonly<Record<string, unknown>>

/** A part of an answer as a content block, null for a part that says nothing here. */
export function formatBlock(part: ReplyPart, carrier: BlobCarrier): Block | null {
  switch (part.type) {
    case 'text':
      return part.text === '' ? null : { type: 'text', text: part.text, ...formatCitations(part.citations) }
    case 'refusal':
      return part.text === '' ? null : { type: 'text', text: part.text }
    case 'reasoning':
      return formatThinking(part, carrier)
    case 'tool-call':
      return { ...formatToolStart(part.id, part.name), input: formatInput(part) }
    case 'image':
      return formatImage(part)
    case 'opaque':
      return formatOpaque(part)
  }
}

function formatThinking(part: ReasoningPart, carrier: BlobCarrier): Block {
  return part.redacted === null
    ? { type: 'thinking', thinking: part.text, signature: formatSignature(part.signature ?? '', carrier) }
    : formatRedacted(part.redacted, carrier)
}

/** Thinking that nobody signed gets an envelope too, so that its text is known for foreign when it comes back. */
export function formatSignature(signature: string, carrier: BlobCarrier): string {
  return carrier.wrap(signature, 'signature', nativeFamily)
}

export function formatRedacted(data: string, carrier: BlobCarrier): Block {
  return { type: 'redacted_thinking', data: carrier.wrap(data, 'redacted', nativeFamily) }
}

/** The beginning of a tool call, as a stream announces it. */
export function formatToolStart(id: string, name: string): Block {
  return { type: 'tool_use', id, name, input: {}, caller: { type: 'direct' } }
}

/** Arguments that are not a JSON object are kept as `_raw` text. */
function formatInput({ kind, arguments: text }: ToolCallPart): unknown {
  if (kind === 'custom') return { input: text }
  return text.trim() === '' ? {} : (readRecord(parseJson(text)) ?? { _raw: text })
}

/** This dialect's answers have no image; the block is the one its requests have. */
export function formatImage({ source }: ImagePart): Block | null {
  switch (source.kind) {
    case 'url':
      return { type: 'image', source: { type: 'url', url: source.url } }
    case 'base64': {
      const { mediaType, data } = source
      return { type: 'image', source: { type: 'base64', media_type: mediaType ?? 'image/png', data } }
    }
    default:
      return null
  }
}

/** Blocks of this very dialect go through whole; those of others mean nothing here. */
export function formatOpaque(part: OpaquePart): Block | null {
  return part.dialect === 'anthropic-messages' ? part.value : null
}

/** Members to spread; a text without citations has none, not even null, which some clients refuse. */
function formatCitations(citations: readonly Citation[] | undefined): Block {
  return citations === undefined || citations.length === 0 ? {} : { citations: citations.map(formatCitation) }
}

/** Citations of another dialect become those of a web search, the only kind that needs no document. */
export function formatCitation({ url, title, citedText, native }: Citation): Block {
  if (typeof native['type'] === 'string' && native['type'].endsWith('_location')) return native
  return {
    type: 'web_search_result_location',
    url: url ?? '',
    title,
    cited_text: citedText ?? '',
    encrypted_index: '',
  }
}
