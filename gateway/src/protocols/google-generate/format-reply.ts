import type { BlobCarrier } from '../../conversation/blob-carrier.ts'
import type { JsonRecord } from '../../conversation/json-value.ts'
import type { ConversationReply, ReplyChoice } from '../../conversation/reply.ts'
import type { ReplyHead, ReplyOptions } from '../protocol.ts'
import { formatFinishReason, formatGrounding, formatPart, formatUsage } from './format-parts.ts'

/** An answer as a `GenerateContentResponse`. */
export function formatGenerateReply(
  reply: ConversationReply,
  head: ReplyHead,
  { carrier }: ReplyOptions,
): JsonRecord {
  return {
    ...(reply.extra?.dialect === 'google-generate' ? reply.extra.members : {}),
    candidates: reply.choices.map((choice) => formatCandidate(choice, carrier)),
    ...(reply.usage === null ? {} : { usageMetadata: formatUsage(reply.usage) }),
    modelVersion: head.model,
    responseId: head.id,
  }
}

function formatCandidate({ index, parts, finish }: ReplyChoice, carrier: BlobCarrier): JsonRecord {
  const content = {
    parts: parts.map((part) => formatPart(part, carrier)).filter((part) => part !== null),
    role: 'model',
  }
  const citations = parts.flatMap((part) => (part.type === 'text' ? (part.citations ?? []) : []))
  const grounding = formatGrounding(citations)
  const candidate = { content, finishReason: formatFinishReason(finish), index }
  return grounding === null ? candidate : { ...candidate, groundingMetadata: grounding }
}
