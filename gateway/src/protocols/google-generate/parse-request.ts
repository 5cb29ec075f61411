import { isGatewayMember } from '../../conversation/gateway-members.ts'
import type { JsonRecord } from '../../conversation/json-value.ts'
import type { ConversationRequest } from '../../conversation/request.ts'
import type { ParseOptions } from '../protocol.ts'
import { parseContents } from './parse-contents.ts'
import { parseGeneration } from './parse-generation.ts'
import { applyToolConfig, parseTools } from './parse-tools.ts'
import { readMember, readRecordMember, toSnakeCase } from './read-member.ts'

const camelCase = ['contents', 'systemInstruction', 'tools', 'toolConfig', 'generationConfig', 'model']
/** Under which operators' defaults stand in the body; see `parseGeneration`. */
const configured = [
  'temperature',
  'top_p',
  'top_k',
  'max_tokens',
  'max_completion_tokens',
  'seed',
  'frequency_penalty',
  'presence_penalty',
  'n',
]

/** Members the model has a place for; every other one survives in `extra`. */
const modelled = new Set([...camelCase, ...camelCase.map(toSnakeCase), ...configured])

/** A `generateContent` body as a request. Errors: 400 `invalid_request` naming the field. */
export function parseGenerateRequest(
  received: JsonRecord,
  { model, stream, carrier }: ParseOptions,
): ConversationRequest {
  const body = unwrapCounted(received)
  const plan = applyToolConfig(parseTools(body['tools']), readRecordMember(body, 'toolConfig'))
  return {
    dialect: 'google-generate',
    model,
    messages: parseContents(body['contents'], readMember(body, 'systemInstruction'), carrier),
    ...plan,
    parallelToolCalls: null,
    ...parseGeneration(readRecordMember(body, 'generationConfig'), body),
    webSearch: null,
    user: null,
    metadata: null,
    serviceTier: null,
    stream,
    streamUsage: true,
    extra: collectExtra(body),
  }
}

function collectExtra(body: JsonRecord): JsonRecord {
  const extra: Record<string, unknown> = {}
  for (const name in body) if (!modelled.has(name) && !isGatewayMember(name)) extra[name] = body[name]
  return extra
}

/** `countTokens` takes contents alone, or a whole request as a member. */
export function unwrapCounted(body: JsonRecord): JsonRecord {
  return readRecordMember(body, 'generateContentRequest') ?? body
}
