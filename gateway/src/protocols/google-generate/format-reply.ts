import type { JsonRecord } from '../../conversation/json-value.ts'
import type { ConversationReply, ReplyChoice } from '../../conversation/reply.ts'
import type { ReplyHead } from '../protocol.ts'
import { formatFinishReason, formatGrounding, formatPart, formatUsage } from './format-parts.ts'

/** An answer as a `GenerateContentResponse`. */
export function formatGenerateReply(reply: ConversationReply, head: ReplyHead): JsonRecord {
  return {
    ...(reply.extra?.dialect === 'google-generate' ? reply.extra.members : {}),
    candidates: reply.choices.map(formatCandidate),
    ...(reply.usage === null ? {} : { usageMetadata: formatUsage(reply.usage) }),
    modelVersion: head.model,
    responseId: head.id,
  }
}

function formatCandidate({ index, parts, finish }: ReplyChoice): JsonRecord {
  const content = { parts: parts.map(formatPart).filter((part) => part !== null), role: 'model' }
  const citations = parts.flatMap((part) => (part.type === 'text' ? (part.citations ?? []) : []))
  const grounding = formatGrounding(citations)
  const candidate = { content, finishReason: formatFinishReason(finish), index }
  return grounding === null ? candidate : { ...candidate, groundingMetadata: grounding }
}
