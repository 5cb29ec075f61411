import type { JsonRecord } from '../../conversation/json-value.ts'
import type { ConversationReply, ReplyExtra } from '../../conversation/reply.ts'
import { zeroUsage } from '../../conversation/usage.ts'
import type { ReplyHead, ReplyOptions } from '../protocol.ts'
import { formatBlock } from './format-block.ts'
import { formatStop } from './format-stop.ts'
import { formatUsage } from './format-usage.ts'

/** An answer as a message. The dialect knows one choice only. */
export function formatReply(
  reply: ConversationReply,
  head: ReplyHead,
  { carrier }: ReplyOptions,
): JsonRecord {
  const choice = reply.choices.find(({ index }) => index === 0)
  const parts = choice?.parts ?? []
  const refusals = parts.flatMap((part) => (part.type === 'refusal' ? part.text : []))
  const signs = {
    hasToolCalls: parts.some((part) => part.type === 'tool-call'),
    refusal: refusals.length === 0 ? null : refusals.join(''),
  }
  return {
    ...formatHead(head),
    ...ownExtra(reply.extra),
    container: reply.container ?? null,
    content: parts.map((part) => formatBlock(part, carrier)).filter((block) => block !== null),
    ...formatStop(choice?.finish ?? null, signs),
    usage: formatUsage(reply.usage ?? zeroUsage),
  }
}

/** The members of a message that do not depend on its answer; `content` and the rest follow. */
export function formatHead({ id, model }: ReplyHead): JsonRecord {
  return { id, type: 'message', role: 'assistant', model, container: null, diagnostics: null }
}

/** Members a provider of this dialect added. */
export function ownExtra(extra: ReplyExtra | null): JsonRecord {
  return extra?.dialect === 'anthropic-messages' ? extra.members : {}
}
