import type {
  ConversationRequest,
  ResponseFormat,
  ToolChoice,
  ToolDefinition,
} from '../../conversation/request.ts'
import { ToolNames } from '../tool-names.ts'
import { formatUpstreamModel } from '../upstream-model.ts'
import type { EncodedRequest, WireTarget } from '../wire.ts'
import { encodeMessages } from './encode-messages.ts'
import { applyEdits, collectVendorEdits, type PendingEdits } from './vendor-edits.ts'

type Body = Record<string, unknown>

/** A request of any dialect as a chat completion body for one vendor of this wire. */
export function encodeRequest(request: ConversationRequest, target: WireTarget): EncodedRequest {
  const toolNames = new ToolNames()
  const dropped: string[] = []
  const isOwnDialect = request.dialect === 'openai-chat'
  const keepsCacheControl = isOwnDialect || target.upstreamModel.includes('claude')
  const body: Body = isOwnDialect ? { ...request.extra } : {}
  if (!isOwnDialect) dropped.push(...Object.keys(request.extra))
  body['model'] = formatUpstreamModel(target.provider, target.upstreamModel)
  body['messages'] = encodeMessages(request.messages, { target, toolNames, keepsCacheControl, dropped })
  addTools(body, request, toolNames, dropped)
  addSampling(body, request)
  addOutput(body, request)
  addCaller(body, request)
  addStream(body, request, target)
  const edits: PendingEdits = { remove: [], set: {}, dropped }
  collectVendorEdits(body, target, edits)
  const replyContext = { toolNames: toolNames.changed, customTools: new Set<string>(), jsonTool: null }
  return { body: applyEdits(body, edits), headers: [], dropped, replyContext }
}

function addTools(body: Body, request: ConversationRequest, toolNames: ToolNames, dropped: string[]): void {
  const tools: Body[] = []
  for (const tool of request.tools) {
    const encoded = encodeTool(tool, request, toolNames)
    if (encoded === null) dropped.push(`tools.${tool.name}`)
    else tools.push(encoded)
  }
  if (request.webSearch !== null) {
    const { contextSize, userLocation } = request.webSearch
    const location = userLocation === null ? {} : { user_location: userLocation }
    body['web_search_options'] = { search_context_size: contextSize, ...location }
  }
  if (tools.length === 0) return
  body['tools'] = tools
  if (request.toolChoice !== null)
    body['tool_choice'] = encodeToolChoice(request.toolChoice, request, toolNames)
  if (request.parallelToolCalls !== null) body['parallel_tool_calls'] = request.parallelToolCalls
}

function encodeTool(tool: ToolDefinition, request: ConversationRequest, toolNames: ToolNames): Body | null {
  if (tool.type === 'provider') return request.dialect === 'openai-chat' ? { ...tool.value } : null
  const definition: Body = { name: toolNames.toUpstream(tool.name) }
  if (tool.description !== null) definition['description'] = tool.description
  if (tool.type === 'custom') {
    if (tool.format !== null) definition['format'] = tool.format
    return { type: 'custom', custom: definition }
  }
  if (tool.parameters !== null) definition['parameters'] = tool.parameters
  if (tool.strict !== null) definition['strict'] = tool.strict
  return { type: 'function', function: definition }
}

function encodeToolChoice(choice: ToolChoice, request: ConversationRequest, toolNames: ToolNames): unknown {
  if (choice.type !== 'tool') return choice.type
  const name = toolNames.toUpstream(choice.name)
  const isCustom = request.tools.some((tool) => tool.type === 'custom' && tool.name === choice.name)
  return isCustom ? { type: 'custom', custom: { name } } : { type: 'function', function: { name } }
}

function addSampling(body: Body, { sampling, dialect, choiceCount, stop }: ConversationRequest): void {
  const members = {
    temperature: sampling.temperature,
    top_p: sampling.topP,
    top_k: dialect === 'openai-chat' ? sampling.topK : null,
    seed: sampling.seed,
    frequency_penalty: sampling.frequencyPenalty,
    presence_penalty: sampling.presencePenalty,
  }
  for (const [name, value] of Object.entries(members)) if (value !== null) body[name] = value
  if (choiceCount !== 1) body['n'] = choiceCount
  if (stop.length > 0) body['stop'] = stop.slice(0, maxStopSequences)
}

const maxStopSequences = 4

function addOutput(body: Body, request: ConversationRequest): void {
  if (request.maxOutputTokens !== null) body['max_tokens'] = request.maxOutputTokens
  if (request.responseFormat !== null) body['response_format'] = encodeResponseFormat(request.responseFormat)
  const { reasoning } = request
  if (reasoning === null) return
  if (reasoning.effort !== null) body['reasoning_effort'] = reasoning.effort
  else if (reasoning.budgetTokens !== null) body['reasoning_effort'] = effortOfBudget(reasoning.budgetTokens)
}

function encodeResponseFormat(format: ResponseFormat): Body {
  if (format.type !== 'json_schema') return { type: format.type }
  const { name, description, schema, strict } = format
  const definition: Body = { name, schema }
  if (description !== null) definition['description'] = description
  if (strict !== null) definition['strict'] = strict
  return { type: 'json_schema', json_schema: definition }
}

/** The effort that a number of thinking tokens stands for. */
export function effortOfBudget(tokens: number): string {
  if (tokens >= 10_000) return 'high'
  if (tokens >= 5000) return 'medium'
  return tokens >= 2000 ? 'low' : 'minimal'
}

function addCaller(body: Body, request: ConversationRequest): void {
  if (request.user !== null) body['user'] = request.user
  if (request.metadata !== null && body['store'] === true) body['metadata'] = request.metadata
  if (request.serviceTier !== null) body['service_tier'] = request.serviceTier
}

function addStream(body: Body, request: ConversationRequest, target: WireTarget): void {
  if (!request.stream) return
  body['stream'] = true
  if (target.provider.quirks.supportsStreamUsage !== false) body['stream_options'] = { include_usage: true }
}
