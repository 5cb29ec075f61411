import type { JsonRecord } from '../../conversation/json-value.ts'
import type { Citation } from '../../conversation/part.ts'
import type { ConversationReply, ReplyChoice, ReplyPart } from '../../conversation/reply.ts'
import type { ReplyHead } from '../protocol.ts'
import {
  finishFields,
  foreignExtra,
  formatAnnotation,
  formatFinishReason,
  formatImage,
  formatThinkingBlock,
  formatToolCall,
  topLevelExtra,
} from './format-parts.ts'
import { formatUsage } from './format-usage.ts'

type Body = Record<string, unknown>
/** What an answer has beside its choices. */
type Beside = Pick<ConversationReply, 'extra' | 'container'>

/** An answer as a chat completion. */
export function formatChatReply(reply: ConversationReply, head: ReplyHead): Body {
  const { id, created, model } = head
  return {
    ...topLevelExtra(reply.extra),
    id,
    object: 'chat.completion',
    created,
    model,
    choices: reply.choices.map((choice) => formatChoice(choice, reply)),
    ...(reply.usage === null ? {} : { usage: formatUsage(reply.usage) }),
  }
}

function formatChoice(choice: ReplyChoice, answer: Beside): Body {
  const { index, finish, parts } = choice
  const opaque = opaqueValues(parts).own
  const logprobs = opaque.find((value) => value['logprobs'] !== undefined)?.['logprobs'] ?? null
  const message = formatMessage(choice, answer)
  const audio = opaque.find((value) => value['audio'] !== undefined)?.['audio']
  if (audio !== undefined) message['audio'] = audio
  return { index, message, logprobs, finish_reason: formatFinishReason(finish) }
}

function opaqueValues(parts: readonly ReplyPart[]): { own: JsonRecord[]; foreign: JsonRecord[] } {
  const opaque = parts.filter((part) => part.type === 'opaque')
  return {
    own: opaque.filter((part) => part.dialect === 'openai-chat').map((part) => part.value),
    foreign: opaque.filter((part) => part.dialect !== 'openai-chat').map((part) => part.value),
  }
}

function formatMessage({ parts, finish }: ReplyChoice, answer: Beside): Body {
  const texts = parts.flatMap((part) => (part.type === 'text' ? part.text : []))
  const refusals = parts.flatMap((part) => (part.type === 'refusal' ? part.text : []))
  const message: Body = {
    role: 'assistant',
    content: texts.length === 0 ? null : texts.join(''),
    refusal: refusals.length === 0 ? null : refusals.join(''),
  }
  const reasoning = parts.filter((part) => part.type === 'reasoning')
  if (reasoning.length > 0) {
    message['reasoning_content'] = reasoning.map((part) => part.text).join('')
    message['thinking_blocks'] = reasoning.map(formatThinkingBlock)
  }
  const calls = parts.filter((part) => part.type === 'tool-call')
  if (calls.length > 0) message['tool_calls'] = calls.map(formatToolCall)
  const images = parts.filter((part) => part.type === 'image')
  if (images.length > 0) message['images'] = images.map(formatImage)
  const citations = parts.flatMap((part) => (part.type === 'text' ? (part.citations ?? []) : []))
  const annotations = citations.map(formatAnnotation).filter((annotation) => annotation !== null)
  if (annotations.length > 0) message['annotations'] = annotations
  const fields = providerFields({ parts, finish, index: 0 }, citations, answer)
  if (Object.keys(fields).length > 0) message['provider_specific_fields'] = fields
  return message
}

function providerFields(
  { parts, finish }: ReplyChoice,
  citations: readonly Citation[],
  { extra, container }: Beside,
): Body {
  const foreign = opaqueValues(parts).foreign
  const native = citations
    .map((citation) => citation.native)
    .filter((value) => value['type'] !== 'url_citation')
  return {
    ...foreignExtra(extra),
    ...(container == null ? {} : { container }),
    ...(foreign.length === 0 ? {} : { server_tool_blocks: foreign }),
    ...(native.length === 0 ? {} : { citations: native }),
    ...finishFields(finish),
  }
}
