import { createHash } from 'node:crypto'
import type { DialectId } from '../../conversation/dialect.ts'
import type {
  ConversationRequest,
  ResponseFormat,
  ToolChoice,
  ToolDefinition,
} from '../../conversation/request.ts'
import { refuse } from '../refuse.ts'
import { ToolNames } from '../tool-names.ts'
import { formatUpstreamModel } from '../upstream-model.ts'
import type { EncodedRequest, WireTarget } from '../wire.ts'
import { chooseEffort } from './choose-effort.ts'
import { encodeMessages } from './encode-messages.ts'
import { isStrictSchema } from './is-strict-schema.ts'
import { applyEdits, collectVendorEdits, type PendingEdits } from './vendor-edits.ts'

type Body = Record<string, unknown>

/** A request of any dialect as a chat completion body for one vendor of this wire. */
export function encodeRequest(request: ConversationRequest, target: WireTarget): EncodedRequest {
  const toolNames = new ToolNames()
  const dropped: string[] = []
  const isOwnDialect = request.dialect === 'openai-chat'
  const keepsCacheControl = isOwnDialect || target.upstreamModel.includes('claude')
  const body: Body = isOwnDialect ? { ...request.extra } : {}
  if (!isOwnDialect) for (const name in request.extra) if (!isUnderstood(name)) dropped.push(name)
  body['model'] = formatUpstreamModel(target.provider, target.upstreamModel)
  const customTools = new Set<string>()
  const encoding = { target, toolNames, keepsCacheControl, wrapsCustomCalls: !isOwnDialect, dropped }
  body['messages'] = encodeMessages(request.messages, encoding)
  addTools(body, request, target, { toolNames, customTools, dropped })
  addSampling(body, request, dropped)
  addOutput(body, request)
  const effort = chooseEffort(request, target, dropped)
  if (effort !== null) body['reasoning_effort'] = effort
  addCaller(body, request)
  addStream(body, request, target)
  const edits: PendingEdits = { remove: [], set: {}, dropped }
  collectVendorEdits(body, target, edits)
  const replyContext = { toolNames: toolNames.changed, customTools, jsonTool: null }
  return { body: applyEdits(body, edits), headers: [], dropped, replyContext }
}

interface ToolEncoding {
  readonly toolNames: ToolNames
  /** Gathers the upstream names of functions that stand in for free-text tools. */
  readonly customTools: Set<string>
  readonly dropped: string[]
}

/** Members of Messages that `reasoning` and `responseFormat` speak for. */
function isUnderstood(name: string): boolean {
  return name === 'thinking' || name === 'output_config' || name === 'output_format'
}

function addTools(
  body: Body,
  request: ConversationRequest,
  target: WireTarget,
  encoding: ToolEncoding,
): void {
  const { toolNames, dropped } = encoding
  const tools: Body[] = []
  for (const tool of request.tools) {
    if (isForeignSearch(tool, request) && target.supports['supports_web_search'] === true) {
      body['web_search_options'] = {}
      continue
    }
    const encoded = encodeTool(tool, request, encoding)
    if (encoded !== null) tools.push(encoded)
    // A tool server is one the client chose itself.
    else if (tool.type === 'provider' && tool.value['type'] === 'mcp')
      refuse('tools.mcp', { target, dropped })
    else dropped.push(`tools.${tool.name}`)
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

function encodeTool(
  tool: ToolDefinition,
  request: ConversationRequest,
  { toolNames, customTools }: ToolEncoding,
): Body | null {
  const isOwnDialect = request.dialect === 'openai-chat'
  if (tool.type === 'provider') return isOwnDialect ? { ...tool.value } : null
  const definition: Body = { name: toolNames.toUpstream(tool.name) }
  if (tool.description !== null) definition['description'] = tool.description
  if (tool.type === 'custom' && !isOwnDialect) {
    customTools.add(toolNames.toUpstream(tool.name))
    return { type: 'function', function: { ...definition, parameters: freeTextParameters } }
  }
  if (tool.type === 'custom') {
    if (tool.format !== null) definition['format'] = tool.format
    return { type: 'custom', custom: definition }
  }
  if (tool.parameters !== null) definition['parameters'] = tool.parameters
  if (tool.strict !== null) definition['strict'] = tool.strict
  return { type: 'function', function: definition }
}

/** Few vendors have free-text tools, so other dialects' become functions with one string; answers are unwrapped. */
const freeTextParameters = {
  type: 'object',
  properties: { input: { type: 'string' } },
  required: ['input'],
} as const

/** Another dialect's search tool, which some models of this wire have as an option. */
function isForeignSearch(tool: ToolDefinition, { dialect }: ConversationRequest): boolean {
  if (tool.type !== 'provider' || dialect === 'openai-chat') return false
  return String(tool.value['type']).startsWith('web_search')
}

function encodeToolChoice(choice: ToolChoice, request: ConversationRequest, toolNames: ToolNames): unknown {
  if (choice.type !== 'tool') return choice.type
  const name = toolNames.toUpstream(choice.name)
  const isOwnDialect = request.dialect === 'openai-chat'
  const isCustom =
    isOwnDialect && request.tools.some((tool) => tool.type === 'custom' && tool.name === choice.name)
  return isCustom ? { type: 'custom', custom: { name } } : { type: 'function', function: { name } }
}

function addSampling(
  body: Body,
  { sampling, dialect, choiceCount, stop }: ConversationRequest,
  dropped: string[],
): void {
  const isOwnDialect = dialect === 'openai-chat'
  const members = {
    temperature: sampling.temperature,
    top_p: sampling.topP,
    top_k: isOwnDialect ? sampling.topK : null,
    seed: sampling.seed,
    frequency_penalty: sampling.frequencyPenalty,
    presence_penalty: sampling.presencePenalty,
  }
  for (const [name, value] of Object.entries(members)) if (value !== null) body[name] = value
  if (choiceCount !== 1) body['n'] = choiceCount
  if (stop.length > 0) body['stop'] = stop.slice(0, maxStopSequences)
  if (stop.length > maxStopSequences) dropped.push('stop')
  if (!isOwnDialect && sampling.topK !== null) dropped.push('top_k')
}

const maxStopSequences = 4

function addOutput(body: Body, request: ConversationRequest): void {
  if (request.maxOutputTokens !== null) body['max_tokens'] = request.maxOutputTokens
  if (request.responseFormat !== null)
    body['response_format'] = encodeResponseFormat(request.responseFormat, request.dialect)
}

/** Only OpenAI's own dialect has the word `strict`; for others it is said where it changes nothing. */
function encodeResponseFormat(format: ResponseFormat, dialect: DialectId): Body {
  if (format.type !== 'json_schema') return { type: format.type }
  const { name, description, schema, strict } = format
  const definition: Body = { name, schema }
  if (description !== null) definition['description'] = description
  if (strict !== null) definition['strict'] = strict
  else if (dialect === 'anthropic-messages' && isStrictSchema(schema)) definition['strict'] = true
  return { type: 'json_schema', json_schema: definition }
}

function addCaller(body: Body, request: ConversationRequest): void {
  if (request.user !== null) body['user'] = fitUser(request.user, request.dialect)
  if (request.metadata !== null && body['store'] === true) body['metadata'] = request.metadata
  if (request.serviceTier !== null) body['service_tier'] = request.serviceTier
}

/** Other dialects allow longer names than the 64 characters of this one; those become their hash. */
function fitUser(user: string, dialect: DialectId): string {
  const isTooLong = dialect !== 'openai-chat' && user.length > maxUserLength
  return isTooLong ? createHash('sha256').update(user).digest('hex') : user
}

const maxUserLength = 64

function addStream(body: Body, request: ConversationRequest, target: WireTarget): void {
  if (!request.stream) return
  body['stream'] = true
  if (target.provider.quirks.supportsStreamUsage !== false) body['stream_options'] = { include_usage: true }
}
