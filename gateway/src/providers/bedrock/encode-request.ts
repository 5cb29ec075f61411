import type { ConversationRequest } from '../../conversation/request.ts'
import { encodeSampling } from '../claude-sampling.ts'
import type { EncodedRequest, WireTarget } from '../wire.ts'
import { describeReply } from '../wire-encoding.ts'
import { encodeExtra } from './encode-extra.ts'
import { encodeMessages, encodeSystem } from './encode-messages.ts'
import { encodeReasoning, type ReasoningFields } from './encode-reasoning.ts'
import { type FormatPlan, jsonToolName, planResponseFormat } from './encode-response-format.ts'
import { encodeToolChoice, encodeTools } from './encode-tools.ts'
import { type Block, beginEncoding, type Encoding } from './encoding.ts'
import { limitCachePoints } from './limit-cache-points.ts'

/** A request of any dialect as a Converse body. Errors: 400 for what the wire cannot carry. */
export function encodeRequest(request: ConversationRequest, target: WireTarget): EncodedRequest {
  const encoding = beginEncoding(request, target)
  const { members, modelFields } = encodeExtra(encoding)
  const reasoning = encodeReasoning(encoding)
  const format = planResponseFormat(encoding, reasoning.isThinking)
  const messages = encodeMessages(encoding)
  const tools = encodeTools(encoding)
  const system = encodeSystem(encoding, format.instruction === null ? [] : [format.instruction])
  limitCachePoints([tools, system, ...messages.map(({ content }) => content)])
  const body: Block = { ...members, messages }
  if (system.length > 0) body['system'] = system
  const fields = { ...reasoning.fields, ...modelFields }
  const inference = encodeInference(encoding, reasoning, fields)
  if (Object.keys(inference).length > 0) body['inferenceConfig'] = inference
  const toolConfig = encodeToolConfig(tools, format, encoding)
  if (toolConfig !== null) body['toolConfig'] = toolConfig
  if (Object.keys(fields).length > 0) body['additionalModelRequestFields'] = fields
  const replyContext = describeReply(encoding, format.tool === null ? null : jsonToolName)
  return { body, headers: [], dropped: encoding.dropped, replyContext }
}

/** What every model takes; `top_k` goes where its maker reads it. */
function encodeInference(encoding: Encoding, reasoning: ReasoningFields, fields: Block): Block {
  const { request, target, facts } = encoding
  const sampling = encodeSampling(encoding, reasoning.isThinking)
  const inference: Block = {}
  const maxTokens = limitTokens(request.maxOutputTokens, target.maxOutputTokens, reasoning.budgetTokens)
  if (maxTokens !== null) inference['maxTokens'] = maxTokens
  if (sampling['temperature'] !== undefined) inference['temperature'] = sampling['temperature']
  if (sampling['top_p'] !== undefined) inference['topP'] = sampling['top_p']
  if (sampling['stop_sequences'] !== undefined) inference['stopSequences'] = sampling['stop_sequences']
  const topK = sampling['top_k']
  if (topK === undefined) return inference
  if (facts.maker === 'amazon') fields['inferenceConfig'] = { topK }
  else fields['top_k'] = topK
  return inference
}

/** The model's own limit unless the caller set one; it counts thinking too, so one within its budget is raised. */
function limitTokens(asked: number | null, modelLimit: number, budget: number): number | null {
  if (budget === 0) return asked
  const limit = asked ?? modelLimit
  return limit > budget ? limit : limit + budget
}

function encodeToolConfig(tools: readonly Block[], format: FormatPlan, encoding: Encoding): Block | null {
  const isRefused = encoding.request.toolChoice?.type === 'none' && !hasCalls(encoding)
  const offered = isRefused ? [] : tools
  const choice = encodeToolChoice(encoding)
  if (format.tool === null) {
    if (offered.length === 0) return null
    return choice === null ? { tools: offered } : { tools: offered, toolChoice: choice }
  }
  // Beside other tools the model may first call those; it ends with the format's tool either way.
  const forced = offered.length === 0 ? { tool: { name: jsonToolName } } : { any: {} }
  const isNamed = choice !== null && choice['tool'] !== undefined
  return { tools: [...offered, format.tool], toolChoice: isNamed ? choice : forced }
}

/** A history with tool calls needs its tools, whatever may be called next. */
function hasCalls({ request }: Encoding): boolean {
  return request.messages.some(({ parts }) => parts.some((part) => part.type === 'tool-call'))
}
