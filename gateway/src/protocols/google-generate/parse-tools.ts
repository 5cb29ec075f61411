import { type JsonRecord, readRecord, readString, readText } from '../../conversation/json-value.ts'
import type { FunctionTool, ToolChoice, ToolDefinition } from '../../conversation/request.ts'
import { requireList, requireRecord, requireString } from '../field-reader.ts'
import { parseSchema } from './parse-schema.ts'
import { readMember, readRecordMember } from './read-member.ts'

/** Functions of every declaration list, and the provider's own tools whole under their name. */
export function parseTools(value: unknown): ToolDefinition[] {
  if (value === undefined || value === null) return []
  return requireList(value, 'tools').flatMap((tool, index) =>
    parseTool(requireRecord(tool, `tools[${index}]`), `tools[${index}]`),
  )
}

function parseTool(tool: JsonRecord, path: string): ToolDefinition[] {
  const declarations = readMember(tool, 'functionDeclarations')
  const functions =
    declarations === undefined
      ? []
      : requireList(declarations, `${path}.functionDeclarations`).map((declaration, index) => {
          const place = `${path}.functionDeclarations[${index}]`
          return parseFunction(requireRecord(declaration, place), place)
        })
  const own = Object.keys(tool).filter(
    (name) =>
      name !== 'functionDeclarations' && name !== 'function_declarations' && readRecord(tool[name]) !== null,
  )
  return [...functions, ...own.map((name) => providerTool(name, tool[name]))]
}

/** Types by which other wires know the tools they have too. */
const types = new Map<string, string>(
  Object.entries({
    googleSearch: 'web_search',
    google_search: 'web_search',
    googleSearchRetrieval: 'web_search',
    google_search_retrieval: 'web_search',
  }),
)

function providerTool(name: string, options: unknown): ToolDefinition {
  return { type: 'provider', name, value: { type: types.get(name) ?? name, [name]: options } }
}

function parseFunction(declaration: JsonRecord, path: string): FunctionTool {
  const jsonSchema = readRecordMember(declaration, 'parametersJsonSchema')
  const schema = readRecord(declaration['parameters'])
  return {
    type: 'function',
    name: requireString(declaration['name'], `${path}.name`),
    description: readString(declaration['description']),
    parameters: jsonSchema ?? (schema === null ? null : parseSchema(schema)),
    strict: null,
  }
}

export interface ToolPlan {
  readonly tools: readonly ToolDefinition[]
  readonly toolChoice: ToolChoice | null
}

/** `toolConfig`: other dialects have no list of allowed functions, so the others are left out. */
export function applyToolConfig(tools: readonly ToolDefinition[], config: JsonRecord | null): ToolPlan {
  const calling = readRecordMember(config, 'functionCallingConfig')
  const names = readMember(calling, 'allowedFunctionNames')
  const allowed = Array.isArray(names) ? names.filter((name) => typeof name === 'string') : []
  switch (readText(calling?.['mode'])?.toUpperCase()) {
    case 'AUTO':
    case 'VALIDATED':
      return { tools, toolChoice: { type: 'auto' } }
    case 'NONE':
      return { tools, toolChoice: { type: 'none' } }
    case 'ANY': {
      const [only] = allowed
      if (only !== undefined && allowed.length === 1)
        return { tools, toolChoice: { type: 'tool', name: only } }
      const kept = tools.filter((tool) => allowed.length === 0 || allowed.includes(tool.name))
      return { tools: kept, toolChoice: { type: 'required' } }
    }
    default:
      return { tools, toolChoice: null }
  }
}
