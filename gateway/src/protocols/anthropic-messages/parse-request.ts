import { isGatewayMember } from '../../conversation/gateway-members.ts'
import { type JsonRecord, readRecord, readText } from '../../conversation/json-value.ts'
import type { ConversationRequest, ResponseFormat } from '../../conversation/request.ts'
import { cacheMark } from '../cache-mark.ts'
import {
  invalidField,
  optionalInteger,
  optionalNumber,
  optionalRecord,
  optionalString,
  requireRecord,
} from '../field-reader.ts'
import type { ParseOptions } from '../protocol.ts'
import { parseMessages, parseSystem } from './parse-messages.ts'
import { parseThinking } from './parse-thinking.ts'
import { parseParallelToolCalls, parseToolChoice, parseTools } from './parse-tools.ts'

/** Members the model has a place for; every other one survives in `extra`. */
const modelled = new Set([
  'model',
  'system',
  'messages',
  'tools',
  'tool_choice',
  'max_tokens',
  'temperature',
  'top_p',
  'top_k',
  'stop_sequences',
  'metadata',
  'service_tier',
  'stream',
  'cache_control',
])

/** A Messages body as a request. Errors: 400 `invalid_request` naming the field. */
export function parseRequest(body: JsonRecord, options: ParseOptions): ConversationRequest {
  const metadata = optionalRecord(body, 'metadata')
  return {
    dialect: 'anthropic-messages',
    model: options.model,
    messages: [...parseSystem(body['system']), ...parseMessages(body['messages'], options.carrier)],
    tools: parseTools(body['tools']),
    toolChoice: parseToolChoice(body),
    parallelToolCalls: parseParallelToolCalls(body),
    maxOutputTokens: optionalInteger(body, 'max_tokens', 1),
    sampling: {
      temperature: optionalNumber(body, 'temperature'),
      topP: optionalNumber(body, 'top_p'),
      topK: optionalNumber(body, 'top_k'),
      seed: null,
      frequencyPenalty: null,
      presencePenalty: null,
    },
    stop: parseStopSequences(body['stop_sequences']),
    choiceCount: 1,
    responseFormat: parseFormat(body),
    reasoning: parseThinking(body),
    webSearch: null,
    user: readText(metadata?.['user_id']),
    metadata,
    serviceTier: parseServiceTier(body),
    stream: options.stream,
    streamUsage: options.stream,
    ...cacheMark(body),
    extra: collectExtra(body),
  }
}

function collectExtra(body: JsonRecord): JsonRecord {
  const extra: Record<string, unknown> = {}
  for (const name in body) {
    if (!modelled.has(name) && !isGatewayMember(name) && body[name] !== null) extra[name] = body[name]
  }
  return extra
}

function parseStopSequences(value: unknown): readonly string[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value) && value.every((sequence) => typeof sequence === 'string')) return value
  throw invalidField('stop_sequences', 'an array of strings')
}

/** `output_config.format`, or `output_format` as it was called while in beta. Other formats stay extra members. */
function parseFormat(body: JsonRecord): ResponseFormat | null {
  const path =
    readRecord(body['output_config'])?.['format'] == null ? 'output_format' : 'output_config.format'
  const format = readRecord(readRecord(body['output_config'])?.['format'] ?? body['output_format'])
  if (format?.['type'] !== 'json_schema') return null
  return {
    type: 'json_schema',
    name: readText(format['name']) ?? 'response',
    description: null,
    schema: requireRecord(format['schema'], `${path}.schema`),
    strict: null,
  }
}

/** In the words of the chat dialect, which the conversation model uses. */
function parseServiceTier(body: JsonRecord): string | null {
  const tier = optionalString(body, 'service_tier')
  return tier === 'standard_only' ? 'default' : tier
}
