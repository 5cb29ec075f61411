import { readNumber, readText } from '../../../conversation/json-value.ts'
import type { ConversationRequest, ResponseFormat } from '../../../conversation/request.ts'
import { ToolNames } from '../../tool-names.ts'
import { unsupportedParameter } from '../../unsupported-parameter.ts'
import type { EncodedRequest, WireTarget } from '../../wire.ts'
import { chooseEffort } from '../choose-effort.ts'
import { applyEdits, collectVendorEdits, type PendingEdits } from '../vendor-edits.ts'
import { encodeInput } from './encode-input.ts'
import { addTools } from './encode-tools.ts'

type Body = Record<string, unknown>

/** Members of chat completions that mean the same here. */
const shared = new Set([
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_retention',
  'store',
  'truncation',
])
const reasoningModel = /^(?:o[1-9](?:-|$)|gpt-5(?:\.|-(?!chat)|$))/
const maxIdentifierLength = 64

/** A request of any other dialect as a body of `POST /responses`. Nothing is stored upstream unless asked for. */
export function encodeRequest(request: ConversationRequest, target: WireTarget): EncodedRequest {
  const toolNames = new ToolNames()
  const dropped: string[] = []
  const { instructions, input } = encodeInput(request.messages, { toolNames, dropped })
  const body: Body = { model: target.upstreamModel, store: false, ...takeExtra(request, dropped), input }
  if (instructions !== null) body['instructions'] = instructions
  addTools(body, request, toolNames, dropped)
  addSampling(body, request, target, dropped)
  addOutput(body, request, target, dropped)
  addCaller(body, request)
  if (request.stream) body['stream'] = true
  const edits: PendingEdits = { remove: [], set: {}, dropped }
  collectVendorEdits(body, target, edits)
  const replyContext = { toolNames: toolNames.changed, customTools: new Set<string>(), jsonTool: null }
  return { body: applyEdits(body, edits), headers: [], dropped, replyContext }
}

function takeExtra(request: ConversationRequest, dropped: string[]): Body {
  const taken: Body = {}
  for (const name in request.extra) {
    if (request.dialect === 'openai-chat' && shared.has(name)) taken[name] = request.extra[name]
    else if (name !== 'verbosity') dropped.push(name)
  }
  return taken
}

/** What this wire has no member for is refused to clients of OpenAI's own dialect, who can leave it out. */
function addSampling(body: Body, request: ConversationRequest, target: WireTarget, dropped: string[]): void {
  const { sampling, stop, choiceCount, dialect } = request
  if (sampling.temperature !== null) body['temperature'] = sampling.temperature
  if (sampling.topP !== null) body['top_p'] = sampling.topP
  const lost = {
    n: choiceCount > 1,
    stop: stop.length > 0,
    seed: sampling.seed !== null,
    top_k: sampling.topK !== null,
    frequency_penalty: Boolean(sampling.frequencyPenalty),
    presence_penalty: Boolean(sampling.presencePenalty),
  }
  for (const [name, isLost] of Object.entries(lost)) {
    if (!isLost) continue
    if (dialect === 'openai-chat' && !target.dropParams) throw unsupportedParameter(name, target)
    dropped.push(name)
  }
}

function addOutput(body: Body, request: ConversationRequest, target: WireTarget, dropped: string[]): void {
  if (request.maxOutputTokens !== null) body['max_output_tokens'] = request.maxOutputTokens
  const format = request.responseFormat === null ? {} : { format: encodeFormat(request.responseFormat) }
  const verbosity = readText(request.extra['verbosity'])
  const text = verbosity === null ? format : { ...format, verbosity }
  if (Object.keys(text).length > 0) body['text'] = text
  const effort = chooseEffort(request, target, dropped)
  if (effort !== null) body['reasoning'] = encodeReasoning(effort, request)
  // Without it, thinking would be lost between turns that are not stored upstream.
  if (reasoningModel.test(target.upstreamModel)) body['include'] = ['reasoning.encrypted_content']
  const logprobs = readNumber(request.extra['top_logprobs'])
  if (logprobs !== null && request.dialect === 'openai-chat') body['top_logprobs'] = logprobs
}

/** Chat completions show no thinking, and a summary takes rights that not every account has. */
function encodeReasoning(effort: string, { dialect }: ConversationRequest): Body {
  return dialect === 'openai-chat' ? { effort } : { effort, summary: 'auto' }
}

function encodeFormat(format: ResponseFormat): Body {
  if (format.type !== 'json_schema') return { type: format.type }
  const { type, name, description, schema, strict } = format
  return {
    type,
    name,
    schema,
    ...(description === null ? {} : { description }),
    ...(strict === null ? {} : { strict }),
  }
}

function addCaller(body: Body, request: ConversationRequest): void {
  const { user, metadata, serviceTier, dialect } = request
  if (user !== null) {
    if (dialect === 'openai-chat') body['user'] = user
    else body['safety_identifier'] = user.slice(0, maxIdentifierLength)
  }
  if (metadata !== null && body['store'] === true) body['metadata'] = metadata
  if (serviceTier !== null && dialect === 'openai-chat') body['service_tier'] = serviceTier
}
