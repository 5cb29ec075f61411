import type { ConversationRequest } from '../../conversation/request.ts'
import { isChatHint, isNeutral } from '../chat-members.ts'
import { refuse } from '../refuse.ts'
import type { EncodedRequest, WireTarget } from '../wire.ts'
import { encodeContents } from './encode-contents.ts'
import { encodeGeneration, encodeSystem, hasCacheMark, planResponseFormat } from './encode-generation.ts'
import { encodeToolConfig, encodeTools } from './encode-tools.ts'
import { type Body, beginEncoding, type Encoding } from './encoding.ts'

/**
 * A request of any dialect as a `generateContent` body (ai.google.dev/api/generate-content). The model and whether to
 * stream are said by the path. Errors: 400 for what the wire cannot carry.
 */
export function encodeRequest(request: ConversationRequest, target: WireTarget): EncodedRequest {
  const encoding = beginEncoding(request, target)
  const body: Body = passExtra(encoding)
  const format = planResponseFormat(encoding)
  const system = encodeSystem(encoding, format.instruction)
  if (system !== null) body['systemInstruction'] = system
  body['contents'] = encodeContents(encoding)
  const tools = encodeTools(encoding)
  if (tools.length > 0) body['tools'] = tools
  const toolConfig = encodeToolConfig(encoding)
  if (toolConfig !== null && tools.length > 0) body['toolConfig'] = toolConfig
  const generationConfig = encodeGeneration(format, encoding)
  if (Object.keys(generationConfig).length > 0) body['generationConfig'] = generationConfig
  noteLosses(encoding)
  const replyContext = {
    toolNames: encoding.toolNames.changed,
    customTools: encoding.customTools,
    jsonTool: null,
  }
  return { body, headers: [], dropped: encoding.dropped, replyContext }
}

/** Members of the chat dialect with an effect this wire cannot give. */
const unsupported = new Set(['logit_bias', 'logprobs', 'top_logprobs', 'audio', 'prediction'])
/** Read elsewhere. */
const consumed = new Set(['generationConfig', 'generation_config', 'thinking'])

/**
 * The caller's unmodelled members that go upstream as they are: Google's own (`safetySettings`, `cachedContent`, …) and
 * unknown ones, which the provider judges. Those of other dialects than chat mean nothing here.
 */
function passExtra(encoding: Encoding): Body {
  const { dialect, extra } = encoding.request
  const passed: Body = {}
  for (const name in extra) {
    if (consumed.has(name)) continue
    if (dialect === 'google-generate') passed[name] = extra[name]
    else if (dialect !== 'openai-chat' || isChatHint(name)) encoding.dropped.push(name)
    else if (!unsupported.has(name)) passed[name] = extra[name]
    else if (!isNeutral(extra[name])) refuse(name, encoding)
  }
  return passed
}

function noteLosses({ request, dropped }: Encoding): void {
  if (request.user !== null) dropped.push('user')
  if (request.metadata !== null) dropped.push('metadata')
  if (request.serviceTier !== null) dropped.push('service_tier')
  if (hasCacheMark(request)) dropped.push('cache_control')
}
