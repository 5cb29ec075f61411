import type { ConversationRequest } from '../../conversation/request.ts'
import { formatUpstreamModel } from '../upstream-model.ts'
import type { EncodedRequest, WireTarget } from '../wire.ts'
import { encodeCaller } from './encode-caller.ts'
import { encodeMessages } from './encode-messages.ts'
import { planReasoning, type ReasoningPlan } from './encode-reasoning.ts'
import { type FormatPlan, jsonToolName, planResponseFormat } from './encode-response-format.ts'
import { encodeSampling } from './encode-sampling.ts'
import { encodeSystem } from './encode-system.ts'
import { encodeToolChoice, encodeTools } from './encode-tools.ts'
import { type Block, beginEncoding, type Encoding } from './encoding.ts'
import { limitCacheMarks } from './limit-cache-marks.ts'
import { passExtra } from './pass-extra.ts'

/** A request of any dialect as a Messages body. Errors: 400 for what the wire cannot carry. */
export function encodeRequest(request: ConversationRequest, target: WireTarget): EncodedRequest {
  const encoding = beginEncoding(request, target)
  const body: Block = {
    model: formatUpstreamModel(target.provider, target.upstreamModel),
    ...passExtra(encoding),
  }
  const reasoning = planReasoning(encoding)
  const isThinking = reasoning.thinking !== null && reasoning.thinking['type'] !== 'disabled'
  const format = planResponseFormat(encoding, isThinking)
  const messages = encodeMessages(encoding)
  const tools = encodeTools(messages, encoding)
  const system = encodeSystem(encoding, format.kind === 'instruction' ? [format.text] : [])
  const reserved = request.cacheControl === undefined ? 0 : 1
  limitCacheMarks(tools, system, messages, reserved)
  body['max_tokens'] = maxTokens(request, target, reasoning)
  if (request.cacheControl !== undefined) body['cache_control'] = request.cacheControl
  if (system.length > 0) body['system'] = system
  body['messages'] = messages
  addTools(body, tools, format, encoding)
  addOutput(body, reasoning, format)
  Object.assign(body, encodeSampling(encoding, isThinking), encodeCaller(encoding))
  if (request.stream) body['stream'] = true
  const replyContext = {
    toolNames: encoding.toolNames.changed,
    customTools: encoding.customTools,
    jsonTool: format.kind === 'tool' ? jsonToolName : null,
  }
  const headers = encoding.betas.size === 0 ? [] : ['anthropic-beta', [...encoding.betas].join(',')]
  return { body, headers, dropped: encoding.dropped, replyContext }
}

/** The limit counts thinking too, so a limit within the thinking budget is raised by it. */
function maxTokens(
  request: ConversationRequest,
  target: WireTarget,
  { budgetTokens }: ReasoningPlan,
): number {
  const limit = request.maxOutputTokens ?? target.maxOutputTokens
  return limit > budgetTokens ? limit : limit + budgetTokens
}

function addTools(body: Block, tools: readonly Block[], format: FormatPlan, encoding: Encoding): void {
  const all = format.kind === 'tool' ? [...tools, format.tool] : tools
  if (all.length === 0) return
  body['tools'] = all
  const choice = encodeToolChoice(encoding)
  if (format.kind !== 'tool') {
    if (choice !== null) body['tool_choice'] = choice
    return
  }
  // Beside other tools the model may first call those; it ends with the format's tool either way.
  const mayCallOthers = tools.length > 0 && choice?.['type'] !== 'none'
  body['tool_choice'] = mayCallOthers ? { ...choice, type: 'any' } : { type: 'tool', name: jsonToolName }
  if (choice?.['type'] === 'tool') body['tool_choice'] = choice
}

function addOutput(body: Block, reasoning: ReasoningPlan, format: FormatPlan): void {
  if (reasoning.thinking !== null) body['thinking'] = reasoning.thinking
  if (reasoning.effort === null && format.kind !== 'native') return
  body['output_config'] = {
    ...(body['output_config'] as Block | undefined),
    ...(reasoning.effort === null ? {} : { effort: reasoning.effort }),
    ...(format.kind === 'native' ? { format: format.format } : {}),
  }
}
