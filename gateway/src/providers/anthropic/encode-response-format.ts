import { type JsonRecord, readList, readRecord } from '../../conversation/json-value.ts'
import type { ResponseFormat } from '../../conversation/request.ts'
import { formatSchemaInstruction, jsonInstruction } from '../schema-instruction.ts'
import type { Block, Encoding } from './encoding.ts'

/** How a response format reaches the model: natively, as a tool it must call, or as words. */
export type FormatPlan =
  | { readonly kind: 'none' }
  | { readonly kind: 'native'; readonly format: Block }
  | { readonly kind: 'tool'; readonly tool: Block }
  | { readonly kind: 'instruction'; readonly text: string }

export const jsonToolName = 'json_tool_call'

/** `isThinking`: a tool cannot be forced while the model thinks. */
export function planResponseFormat(encoding: Encoding, isThinking: boolean): FormatPlan {
  const format = encoding.request.responseFormat
  if (format === null || format.type === 'text') return { kind: 'none' }
  if (format.type !== 'json_schema') return { kind: 'instruction', text: jsonInstruction }
  if (encoding.facts.supportsStructuredOutput && isClosed(format.schema)) {
    return { kind: 'native', format: { type: 'json_schema', schema: format.schema } }
  }
  if (isThinking || format.schema['type'] !== 'object') {
    return { kind: 'instruction', text: formatSchemaInstruction(format.schema) }
  }
  return { kind: 'tool', tool: formatTool(format) }
}

function formatTool(format: Extract<ResponseFormat, { type: 'json_schema' }>): Block {
  const description = format.description ?? 'Give the final answer by calling this tool.'
  return { name: jsonToolName, description, input_schema: format.schema }
}

/** The provider takes a schema natively only when every object in it forbids further properties. */
function isClosed(schema: unknown): boolean {
  const record = readRecord(schema)
  if (record === null) return readList(schema).every(isClosed)
  const isOpenObject = record['type'] === 'object' && record['additionalProperties'] !== false
  return !isOpenObject && Object.values(record as JsonRecord).every(isClosed)
}
