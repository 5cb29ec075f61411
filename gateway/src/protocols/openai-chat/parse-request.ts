import { isGatewayMember } from '../../conversation/gateway-members.ts'
import { type JsonRecord, readRecord, readString, readText } from '../../conversation/json-value.ts'
import type { ConversationRequest, ResponseFormat, WebSearchOptions } from '../../conversation/request.ts'
import { cacheMark } from '../cache-mark.ts'
import {
  invalidField,
  optionalBoolean,
  optionalInteger,
  optionalNumber,
  optionalRecord,
  optionalString,
  requireRecord,
  requireString,
} from '../field-reader.ts'
import { parseMessages } from './parse-messages.ts'
import { parseToolChoice, parseTools } from './parse-tools.ts'

/** Members the model has a place for; every other one survives in `extra`. */
const modelled = new Set([
  'model',
  'messages',
  'tools',
  'functions',
  'function_call',
  'parallel_tool_calls',
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'top_k',
  'seed',
  'frequency_penalty',
  'presence_penalty',
  'stop',
  'n',
  'reasoning_effort',
  'web_search_options',
  'user',
  'metadata',
  'service_tier',
  'stream',
  'stream_options',
  'cache_control',
])

/** A chat completion body as a request. Errors: 400 `invalid_request` naming the field. */
export function parseChatRequest(value: unknown): ConversationRequest {
  const body = requireRecord(value, 'body')
  const toolChoice = parseToolChoice(body)
  const responseFormat = parseResponseFormat(body)
  return {
    dialect: 'openai-chat',
    model: requireString(body['model'], 'model'),
    messages: parseMessages(body['messages']),
    tools: parseTools(body),
    toolChoice,
    parallelToolCalls: optionalBoolean(body, 'parallel_tool_calls'),
    maxOutputTokens:
      optionalInteger(body, 'max_completion_tokens', 1) ?? optionalInteger(body, 'max_tokens', 1),
    sampling: {
      temperature: optionalNumber(body, 'temperature'),
      topP: optionalNumber(body, 'top_p'),
      topK: optionalNumber(body, 'top_k'),
      seed: optionalNumber(body, 'seed'),
      frequencyPenalty: optionalNumber(body, 'frequency_penalty'),
      presencePenalty: optionalNumber(body, 'presence_penalty'),
    },
    stop: parseStop(body),
    choiceCount: optionalInteger(body, 'n', 1) ?? 1,
    responseFormat,
    reasoning: parseReasoningEffort(body),
    webSearch: parseWebSearch(body),
    user: optionalString(body, 'user'),
    metadata: optionalRecord(body, 'metadata'),
    serviceTier: optionalString(body, 'service_tier'),
    stream: optionalBoolean(body, 'stream') ?? false,
    streamUsage: optionalRecord(body, 'stream_options')?.['include_usage'] === true,
    ...cacheMark(body),
    extra: collectExtra(body, toolChoice === null, responseFormat === null),
  }
}

function collectExtra(body: JsonRecord, keepsToolChoice: boolean, keepsFormat: boolean): JsonRecord {
  const extra: Record<string, unknown> = {}
  for (const name in body) {
    if (modelled.has(name) || isGatewayMember(name) || body[name] === null) continue
    if (name === 'tool_choice' && !keepsToolChoice) continue
    if (name === 'response_format' && !keepsFormat) continue
    extra[name] = body[name]
  }
  return extra
}

function parseStop(body: JsonRecord): readonly string[] {
  const stop = body['stop']
  if (stop === undefined || stop === null) return []
  if (typeof stop === 'string') return [stop]
  if (Array.isArray(stop) && stop.every((sequence) => typeof sequence === 'string')) return stop
  throw invalidField('stop', 'a string or an array of strings')
}

function parseReasoningEffort(body: JsonRecord): ConversationRequest['reasoning'] {
  const effort = optionalString(body, 'reasoning_effort')
  return effort === null ? null : { effort, budgetTokens: null }
}

/** Null when absent or of a kind this dialect does not define; such a format stays among the extra members. */
function parseResponseFormat(body: JsonRecord): ResponseFormat | null {
  const format = optionalRecord(body, 'response_format')
  const type = format?.['type']
  if (type === 'text' || type === 'json_object') return { type }
  if (format === null || type !== 'json_schema') return null
  const path = 'response_format.json_schema'
  const definition = requireRecord(format['json_schema'], path)
  return {
    type,
    name: readText(definition['name']) ?? 'response',
    description: readString(definition['description']),
    schema: requireRecord(definition['schema'], `${path}.schema`),
    strict: typeof definition['strict'] === 'boolean' ? definition['strict'] : null,
  }
}

function parseWebSearch(body: JsonRecord): WebSearchOptions | null {
  const options = optionalRecord(body, 'web_search_options')
  if (options === null) return null
  const size = options['search_context_size']
  return {
    contextSize: size === 'low' || size === 'high' ? size : 'medium',
    userLocation: readRecord(options['user_location']),
  }
}
