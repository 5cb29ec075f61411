import { type JsonRecord, readRecord, readString, readText } from '../../conversation/json-value.ts'
import type { ToolChoice, ToolDefinition } from '../../conversation/request.ts'
import { cacheMark } from '../cache-mark.ts'
import { requireList, requireRecord, requireString } from '../field-reader.ts'

/** The caller's own tools as functions; tools the provider defines or runs stay whole. */
export function parseTools(value: unknown): ToolDefinition[] {
  if (value === undefined || value === null) return []
  return requireList(value, 'tools').map((tool, index) =>
    parseTool(requireRecord(tool, `tools[${index}]`), `tools[${index}]`),
  )
}

function parseTool(tool: JsonRecord, path: string): ToolDefinition {
  const type = readText(tool['type'])
  if (type !== null && type !== 'custom')
    return { type: 'provider', name: readText(tool['name']) ?? type, value: tool }
  const schema = tool['input_schema']
  return {
    type: 'function',
    name: requireString(tool['name'], `${path}.name`),
    description: readString(tool['description']),
    parameters: schema == null ? null : requireRecord(schema, `${path}.input_schema`),
    strict: typeof tool['strict'] === 'boolean' ? tool['strict'] : null,
    ...cacheMark(tool),
  }
}

const choices = new Map<unknown, ToolChoice>([
  ['auto', { type: 'auto' }],
  ['any', { type: 'required' }],
  ['none', { type: 'none' }],
])

/** Null when absent or of a type newer than this code. */
export function parseToolChoice(body: JsonRecord): ToolChoice | null {
  const choice = readRecord(body['tool_choice'])
  if (choice?.['type'] !== 'tool') return choices.get(choice?.['type']) ?? null
  return { type: 'tool', name: requireString(choice['name'], 'tool_choice.name') }
}

export function parseParallelToolCalls(body: JsonRecord): boolean | null {
  return readRecord(body['tool_choice'])?.['disable_parallel_tool_use'] === true ? false : null
}
