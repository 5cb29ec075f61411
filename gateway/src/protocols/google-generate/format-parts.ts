import type { BlobCarrier } from '../../conversation/blob-carrier.ts'
import type { BlobForm } from '../../conversation/blob-sealer.ts'
import { type JsonRecord, parseJson, readRecord } from '../../conversation/json-value.ts'
import type { Citation, ImagePart, ReasoningPart } from '../../conversation/part.ts'
import type { Finish, ReplyPart } from '../../conversation/reply.ts'
import { splitThoughtCallId } from '../../conversation/thought-call-id.ts'
import type { Usage } from '../../conversation/usage.ts'
import { wrapSignature } from './thought-signature.ts'

const finishReasons = {
  stop: 'STOP',
  length: 'MAX_TOKENS',
  'tool-calls': 'STOP',
  'content-filter': 'SAFETY',
  pause: 'STOP',
} as const satisfies Record<Finish['reason'], string>

/** A broken-off answer reads as one that stopped. */
export function formatFinishReason(finish: Finish | null): string {
  return finishReasons[finish?.reason ?? 'stop']
}

/** A part of the answer, null for what only another dialect understands. */
export function formatPart(part: ReplyPart, carrier: BlobCarrier): JsonRecord | null {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return { text: part.text }
    case 'reasoning':
      return formatThought(part, carrier)
    case 'tool-call':
      return formatCall(part)
    case 'image':
      return formatImage(part)
    case 'opaque':
      return part.dialect === 'google-generate' ? part.value : null
  }
}

function formatThought({ text, signature, redacted }: ReasoningPart, carrier: BlobCarrier): JsonRecord {
  if (redacted !== null) return formatSignature(redacted, 'redacted', carrier)
  return signature === null
    ? { text, thought: true }
    : { ...formatSignature(signature, 'signature', carrier), text }
}

/** A thought without text, or the last of one. */
export function formatSignature(payload: string, form: BlobForm, carrier: BlobCarrier): JsonRecord {
  return { text: '', thought: true, thoughtSignature: wrapSignature(payload, form, carrier) }
}

interface Call {
  readonly id: string
  readonly name: string
  readonly kind: 'function' | 'custom'
  readonly arguments: string
}

/** What is not a JSON object is kept as text in an object. */
export function formatCall(call: Call): JsonRecord {
  const { id, signature } = splitThoughtCallId(call.id)
  const functionCall = { id, name: call.name, args: argumentsOf(call) }
  return signature === null ? { functionCall } : { functionCall, thoughtSignature: signature }
}

function argumentsOf(call: Call): JsonRecord {
  if (call.kind === 'custom') return { input: call.arguments }
  if (call.arguments.trim() === '') return {}
  return readRecord(parseJson(call.arguments)) ?? { _raw: call.arguments }
}

export function formatImage({ source }: ImagePart): JsonRecord {
  if (source.kind === 'base64')
    return { inlineData: { mimeType: source.mediaType ?? 'image/png', data: source.data } }
  if (source.kind === 'text') return { text: source.text }
  return { fileData: { fileUri: source.kind === 'url' ? source.url : source.fileId } }
}

/** Sources as grounding; those that are no page of the web have no form here. */
export function formatGrounding(citations: readonly Citation[]): JsonRecord | null {
  const pages = citations.filter(({ url }) => url !== null)
  if (pages.length === 0) return null
  return {
    groundingChunks: pages.map(({ url, title }) => ({ web: { uri: url, title: title ?? url } })),
    groundingSupports: pages.flatMap(({ citedText }, index) =>
      citedText === null ? [] : [{ segment: { text: citedText }, groundingChunkIndices: [index] }],
    ),
  }
}

/** Thinking is counted apart from the candidates here. */
export function formatUsage(usage: Usage): JsonRecord {
  return {
    promptTokenCount: usage.inputTokens,
    candidatesTokenCount: usage.outputTokens - usage.reasoningTokens,
    totalTokenCount: usage.inputTokens + usage.outputTokens,
    ...(usage.cacheReadTokens > 0 ? { cachedContentTokenCount: usage.cacheReadTokens } : {}),
    ...(usage.reasoningTokens > 0 ? { thoughtsTokenCount: usage.reasoningTokens } : {}),
  }
}
