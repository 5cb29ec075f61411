import { GatewayError } from '@routeiq/contract'
import type { BlobCarrier } from '../../conversation/blob-carrier.ts'
import { isGatewayMember } from '../../conversation/gateway-members.ts'
import { type JsonRecord, readRecord, readString, readText } from '../../conversation/json-value.ts'
import type { ConversationMessage, ConversationRequest, ResponseFormat } from '../../conversation/request.ts'
import {
  optionalBoolean,
  optionalInteger,
  optionalNumber,
  optionalRecord,
  optionalString,
  requireRecord,
} from '../field-reader.ts'
import type { ParseOptions } from '../protocol.ts'
import { parseContent } from './parse-content.ts'
import { parseInput } from './parse-input.ts'
import { parseTools } from './parse-tools.ts'

/** Members with a place in the model, or with an effect on the answer's form alone. */
const understood = new Set([
  'model',
  'input',
  'instructions',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'max_output_tokens',
  'temperature',
  'top_p',
  'text',
  'reasoning',
  'user',
  'safety_identifier',
  'metadata',
  'service_tier',
  'stream',
  'stream_options',
  'store',
  'include',
  'background',
  'previous_response_id',
])

/** Members that name state or work only OpenAI has. */
const onlyAtOpenai = ['conversation', 'prompt', 'background']

/** The body of `POST /responses` as a request. Errors: 400 naming the field. */
export function parseResponsesRequest(
  body: JsonRecord,
  { model, stream, dropParams, carrier }: ParseOptions,
): ConversationRequest {
  if (!dropParams) refuseUnsupported(body)
  const { tools, toolChoice } = parseTools(body)
  return {
    dialect: 'openai-responses',
    model,
    messages: [...parseInstructions(body, carrier), ...parseInput(body['input'], carrier)],
    tools,
    toolChoice,
    parallelToolCalls: optionalBoolean(body, 'parallel_tool_calls'),
    maxOutputTokens: optionalInteger(body, 'max_output_tokens', 1),
    sampling: {
      temperature: optionalNumber(body, 'temperature'),
      topP: optionalNumber(body, 'top_p'),
      topK: null,
      seed: null,
      frequencyPenalty: null,
      presencePenalty: null,
    },
    stop: [],
    choiceCount: 1,
    responseFormat: parseFormat(body),
    reasoning: parseReasoning(body),
    webSearch: null,
    user: optionalString(body, 'user') ?? optionalString(body, 'safety_identifier'),
    metadata: optionalRecord(body, 'metadata'),
    serviceTier: optionalString(body, 'service_tier'),
    stream,
    streamUsage: true,
    extra: collectExtra(body),
  }
}

function refuseUnsupported(body: JsonRecord): void {
  for (const name of onlyAtOpenai) {
    const value = body[name]
    if (value === undefined || value === null || value === false) continue
    const message = `The parameter '${name}' is only available with models that OpenAI serves itself. Remove it, or set drop_params: true to drop it.`
    throw new GatewayError('unsupported_parameter', message, { param: name })
  }
}

function parseInstructions(body: JsonRecord, carrier: BlobCarrier): ConversationMessage[] {
  const { instructions } = body
  if (Array.isArray(instructions)) return parseInput(instructions, carrier)
  const parts = parseContent(instructions, 'instructions').filter(
    (part) => part.type !== 'text' || part.text !== '',
  )
  return parts.length === 0 ? [] : [{ role: 'system', parts }]
}

function parseReasoning(body: JsonRecord): ConversationRequest['reasoning'] {
  const effort = readText(optionalRecord(body, 'reasoning')?.['effort'])
  return effort === null ? null : { effort, budgetTokens: null }
}

function parseFormat(body: JsonRecord): ResponseFormat | null {
  const format = optionalRecord(optionalRecord(body, 'text') ?? {}, 'format', 'text.format')
  const type = format?.['type']
  if (type === 'json_object') return { type }
  if (format === null || type !== 'json_schema') return null
  return {
    type,
    name: readText(format['name']) ?? 'response',
    description: readString(format['description']),
    schema: requireRecord(format['schema'], 'text.format.schema'),
    strict: typeof format['strict'] === 'boolean' ? format['strict'] : null,
  }
}

function collectExtra(body: JsonRecord): JsonRecord {
  const extra: Record<string, unknown> = {}
  for (const name in body) {
    if (understood.has(name) || isGatewayMember(name) || body[name] === null) continue
    extra[name] = body[name]
  }
  const verbosity = readRecord(body['text'])?.['verbosity']
  if (verbosity !== undefined && verbosity !== null) extra['verbosity'] = verbosity
  return extra
}
