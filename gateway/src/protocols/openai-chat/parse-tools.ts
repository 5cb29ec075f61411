import { type JsonRecord, readRecord, readString, readText } from '../../conversation/json-value.ts'
import type { ToolChoice, ToolDefinition } from '../../conversation/request.ts'
import { cacheMark } from '../cache-mark.ts'
import { requireList, requireRecord, requireString } from '../field-reader.ts'

/** Tools in today's form, in the older `functions` form, and in Anthropic's form, which some clients send here. */
export function parseTools(body: JsonRecord): ToolDefinition[] {
  const tools = body['tools'] == null ? [] : requireList(body['tools'], 'tools')
  const functions = body['functions'] == null ? [] : requireList(body['functions'], 'functions')
  return [
    ...tools.map((tool, index) => parseTool(requireRecord(tool, `tools[${index}]`), `tools[${index}]`)),
    ...functions.map((value, index) => {
      const path = `functions[${index}]`
      return parseFunction(requireRecord(value, path), 'parameters', path)
    }),
  ]
}

function parseTool(tool: JsonRecord, path: string): ToolDefinition {
  const definition = readRecord(tool['function'])
  if (definition !== null) {
    return {
      ...parseFunction(definition, 'parameters', `${path}.function`),
      ...cacheMark(definition),
      ...cacheMark(tool),
    }
  }
  const custom = readRecord(tool['custom'])
  if (tool['type'] === 'custom' && custom !== null) {
    const name = requireString(custom['name'], `${path}.custom.name`)
    const format = readRecord(custom['format'])
    return {
      type: 'custom',
      name,
      description: readString(custom['description']),
      format,
      ...cacheMark(tool),
    }
  }
  if (readRecord(tool['input_schema']) !== null) {
    return { ...parseFunction(tool, 'input_schema', path), ...cacheMark(tool) }
  }
  const type = requireString(tool['type'], `${path}.type`)
  if (type === 'function') requireRecord(tool['function'], `${path}.function`)
  return { type: 'provider', name: readText(tool['name']) ?? type, value: tool }
}

function parseFunction(
  definition: JsonRecord,
  schemaMember: string,
  path: string,
): ToolDefinition & { type: 'function' } {
  const parameters = definition[schemaMember]
  return {
    type: 'function',
    name: requireString(definition['name'], `${path}.name`),
    description: readString(definition['description']),
    parameters: parameters == null ? null : requireRecord(parameters, `${path}.${schemaMember}`),
    strict: typeof definition['strict'] === 'boolean' ? definition['strict'] : null,
  }
}

const choices = new Map<string, ToolChoice>(
  Object.entries({
    auto: { type: 'auto' },
    none: { type: 'none' },
    required: { type: 'required' },
    any: { type: 'required' },
  }),
)

/** Null when absent or of a form only its own dialect knows; such a choice stays among the extra members. */
export function parseToolChoice(body: JsonRecord): ToolChoice | null {
  const choice = body['tool_choice'] ?? body['function_call']
  if (typeof choice === 'string') return choices.get(choice) ?? null
  const record = readRecord(choice)
  if (record === null) return null
  const named = readRecord(record['function']) ?? readRecord(record['custom']) ?? record
  const name = readText(named['name'])
  if (name !== null) return { type: 'tool', name }
  return choices.get(readString(record['type']) ?? '') ?? null
}
