import type { ConversationRequest } from '../../conversation/request.ts'
import { refuse } from '../refuse.ts'
import { formatSchemaInstruction } from '../schema-instruction.ts'
import type { EncodedRequest, WireTarget } from '../wire.ts'
import { beginWireEncoding, describeReply, type WireEncoding } from '../wire-encoding.ts'
import { encodeExtra } from './encode-extra.ts'
import { encodeMessages } from './encode-messages.ts'
import { encodeThinking } from './encode-thinking.ts'
import { encodeToolChoice, encodeTools } from './encode-tools.ts'

type Body = Record<string, unknown>

/** A request of any dialect for `/v2/chat`. Errors: 400 for what the wire cannot carry. */
export function encodeRequest(request: ConversationRequest, target: WireTarget): EncodedRequest {
  const encoding = beginWireEncoding(request, target)
  const body: Body = {
    model: target.upstreamModel,
    messages: encodeMessages(encoding),
    stream: request.stream,
    ...encodeExtra(encoding),
    ...encodeSampling(encoding),
  }
  const tools = encodeTools(encoding)
  const choice = encodeToolChoice(request)
  if (tools.length > 0) body['tools'] = tools
  if (tools.length > 0 && choice !== null) body['tool_choice'] = choice
  addFormat(body, encoding)
  const thinking = encodeThinking(encoding)
  if (thinking !== null && body['thinking'] === undefined) body['thinking'] = thinking
  return { body, headers: [], dropped: encoding.dropped, replyContext: describeReply(encoding, null) }
}

function encodeSampling(encoding: WireEncoding): Body {
  const { sampling, maxOutputTokens, stop, choiceCount } = encoding.request
  if (choiceCount > 1) refuse('n', encoding)
  const given = {
    max_tokens: maxOutputTokens,
    temperature: sampling.temperature === null ? null : Math.min(1, sampling.temperature),
    p: sampling.topP,
    k: sampling.topK,
    seed: sampling.seed,
    frequency_penalty: sampling.frequencyPenalty,
    presence_penalty: sampling.presencePenalty,
    stop_sequences: stop.length === 0 ? null : stop,
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null))
}

/** The format is refused beside tools, so it is said in words there. */
function addFormat(body: Body, { request }: WireEncoding): void {
  const format = request.responseFormat
  if (format === null || format.type === 'text') return
  const schema = format.type === 'json_schema' ? format.schema : null
  if (body['tools'] === undefined) {
    body['response_format'] = { type: 'json_object', ...(schema === null ? {} : { json_schema: schema }) }
    return
  }
  const content = formatSchemaInstruction(schema ?? { type: 'object' })
  body['messages'] = [{ role: 'system', content }, ...(body['messages'] as readonly Body[])]
}
