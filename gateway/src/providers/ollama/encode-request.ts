import type { ConversationRequest, ResponseFormat } from '../../conversation/request.ts'
import { encodeFunctionTools } from '../function-tools.ts'
import { refuse } from '../refuse.ts'
import type { EncodedRequest, WireTarget } from '../wire.ts'
import { beginWireEncoding, describeReply, type WireEncoding } from '../wire-encoding.ts'
import { encodeExtra } from './encode-extra.ts'
import { encodeMessages } from './encode-messages.ts'
import { encodeOptions } from './encode-options.ts'
import { encodeThinking } from './encode-thinking.ts'

type Body = Record<string, unknown>

/** A request of any dialect for `/api/chat`. Errors: 400 for what the server has no way to do. */
export function encodeRequest(request: ConversationRequest, target: WireTarget): EncodedRequest {
  const encoding = beginWireEncoding(request, target)
  const { options, members } = encodeExtra(encoding)
  const body: Body = {
    model: target.upstreamModel,
    messages: encodeMessages(encoding),
    stream: request.stream,
    ...members,
  }
  const allOptions = { ...encodeOptions(encoding), ...options }
  if (Object.keys(allOptions).length > 0) body['options'] = allOptions
  const tools = encodeTools(encoding)
  if (tools.length > 0) body['tools'] = tools
  const format = encodeFormat(request.responseFormat)
  if (format !== null) body['format'] = format
  const thinking = encodeThinking(encoding)
  if (thinking !== null && body['think'] === undefined) body['think'] = thinking
  return { body, headers: [], dropped: encoding.dropped, replyContext: describeReply(encoding, null) }
}

/** The model always chooses by itself; so `none` leaves the tools out, and a forced choice is refused. */
function encodeTools(encoding: WireEncoding): Body[] {
  const { toolChoice, parallelToolCalls, tools } = encoding.request
  if (tools.length > 0 && (toolChoice?.type === 'required' || toolChoice?.type === 'tool')) {
    refuse('tool_choice', encoding)
  }
  if (parallelToolCalls === false && tools.length > 0) encoding.dropped.push('parallel_tool_calls')
  if (toolChoice?.type === 'none') return []
  return encodeFunctionTools(tools, encoding)
}

function encodeFormat(format: ResponseFormat | null): unknown {
  if (format === null || format.type === 'text') return null
  return format.type === 'json_schema' ? format.schema : 'json'
}
