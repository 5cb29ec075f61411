import { randomUUID } from 'node:crypto'
import { GatewayError } from '@routeiq/contract'
import { type JsonRecord, readString } from '../../conversation/json-value.ts'
import type { MediaSource, Part } from '../../conversation/part.ts'
import type { ConversationRequest } from '../../conversation/request.ts'
import { type Losses, refuse } from '../refuse.ts'
import { plainReplyContext } from '../reply-context.ts'
import type { EncodedRequest, WireTarget } from '../wire.ts'

/**
 * What the user said last, as one message: the agent itself remembers the conversation. Errors: 400 for a request
 * without such a message, and for what an agent cannot be asked for.
 */
export function encodeRequest(request: ConversationRequest, target: WireTarget): EncodedRequest {
  const losses: Losses = { target, dropped: [] }
  const said = request.messages.findLast(({ role }) => role === 'user')
  const parts = (said?.parts ?? []).flatMap((part): JsonRecord[] => {
    const encoded = encodePart(part, losses)
    return encoded === null ? [] : [encoded]
  })
  if (parts.length === 0)
    throw new GatewayError('invalid_request', 'An agent needs a message of the user with text in it.', {
      param: 'messages',
    })
  noteLosses(request, losses)
  const message = { messageId: randomUUID(), role: 'ROLE_USER', parts }
  const promptLength = parts
    .map((part) => readString(part['text'])?.length ?? 0)
    .reduce((sum, length) => sum + length)
  const replyContext = { ...plainReplyContext, promptLength }
  return { body: { message }, headers: [], dropped: losses.dropped, replyContext }
}

function encodePart(part: Part, losses: Losses): JsonRecord | null {
  switch (part.type) {
    case 'text':
      return part.text === '' ? null : { text: part.text }
    case 'image':
      return encodeFile(part.source, 'image/png', losses)
    case 'document':
      return encodeFile(part.source, 'application/pdf', losses)
    case 'audio':
      return { raw: part.data, mediaType: `audio/${part.format}` }
    default:
      losses.dropped.push(`messages[].content[].${part.type}`)
      return null
  }
}

function encodeFile(source: MediaSource, standardType: string, losses: Losses): JsonRecord | null {
  switch (source.kind) {
    case 'url':
      return { url: source.url }
    case 'base64':
      return { raw: source.data, mediaType: source.mediaType ?? standardType }
    case 'text':
      return { text: source.text }
    default:
      refuse('messages[].content[].file', losses)
      return null
  }
}

/** An agent decides for itself how it answers: what would change the meaning is refused, the rest is left out. */
function noteLosses(request: ConversationRequest, losses: Losses): void {
  if (request.tools.length > 0) refuse('tools', losses)
  if (request.choiceCount > 1) refuse('n', losses)
  if (request.responseFormat !== null && request.responseFormat.type !== 'text')
    refuse('response_format', losses)
  const { sampling, maxOutputTokens, stop, reasoning, webSearch } = request
  const given = {
    ...{ temperature: sampling.temperature, top_p: sampling.topP, top_k: sampling.topK, seed: sampling.seed },
    frequency_penalty: sampling.frequencyPenalty,
    presence_penalty: sampling.presencePenalty,
    max_tokens: maxOutputTokens,
    stop: stop.length === 0 ? null : stop,
    reasoning_effort: reasoning,
    web_search_options: webSearch,
    messages: request.messages.length > 1 ? request.messages : null,
  }
  for (const [name, value] of Object.entries(given)) if (value !== null) losses.dropped.push(name)
  losses.dropped.push(...Object.keys(request.extra))
}
