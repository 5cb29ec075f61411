import { readRecord, readString } from '../../conversation/json-value.ts'
import type { FunctionTool, ProviderTool, ToolDefinition } from '../../conversation/request.ts'
import { refuse } from '../refuse.ts'
import type { Body, Encoding } from './encoding.ts'
import { reduceSchema } from './reduce-schema.ts'

/** `tools`: one list of every function, then what the provider runs itself. */
export function encodeTools(encoding: Encoding): Body[] {
  const functionDeclarations: Body[] = []
  const others: Body[] = []
  for (const tool of encoding.request.tools) {
    if (tool.type === 'provider') others.push(...encodeProviderTool(tool, encoding))
    else functionDeclarations.push(encodeFunction(tool, encoding))
  }
  if (encoding.request.webSearch !== null && !others.some((tool) => 'googleSearch' in tool))
    others.push({ googleSearch: {} })
  return functionDeclarations.length === 0 ? others : [{ functionDeclarations }, ...others]
}

type CalledTool = Exclude<ToolDefinition, ProviderTool>

function encodeFunction(tool: CalledTool, encoding: Encoding): Body {
  const name = encoding.toolNames.toUpstream(tool.name)
  const declaration: Body = { name, description: tool.description ?? '' }
  if (tool.type === 'custom') {
    encoding.customTools.add(name)
    const properties = { input: { type: 'string' } }
    return { ...declaration, parameters: { type: 'object', properties, required: ['input'] } }
  }
  return { ...declaration, ...encodeParameters(tool, encoding) }
}

/** An object without properties is refused in the subset, where a function without parameters has none. */
function encodeParameters({ parameters }: FunctionTool, { facts }: Encoding): Body {
  if (parameters === null || Object.keys(parameters).length === 0) return {}
  const schema = { type: 'object', ...parameters }
  if (facts.acceptsJsonSchema) return { parametersJsonSchema: schema }
  const properties = readRecord(schema['properties' as keyof typeof schema])
  const isEmpty = properties === null || Object.keys(properties).length === 0
  return isEmpty ? {} : { parameters: reduceSchema(schema) }
}

/** Server tools of other dialects that the provider has too, by the beginning of their type. */
const counterparts: readonly (readonly [type: string, tool: string])[] = [
  ['web_search', 'googleSearch'],
  ['web_fetch', 'urlContext'],
  ['code_execution', 'codeExecution'],
  ['code_interpreter', 'codeExecution'],
]

/** Members by which the provider names its own tools (`{googleSearch: {}}`). */
const nativeTools = new Set([
  'googleSearch',
  'google_search',
  'googleSearchRetrieval',
  'google_search_retrieval',
  'urlContext',
  'url_context',
  'codeExecution',
  'code_execution',
  'googleMaps',
  'google_maps',
  'enterpriseWebSearch',
  'enterprise_web_search',
  'retrieval',
  'computerUse',
  'computer_use',
  'fileSearch',
  'file_search',
])

function encodeProviderTool(tool: ProviderTool, encoding: Encoding): Body[] {
  const { type: _, ...value } = tool.value
  if (
    encoding.request.dialect === 'google-generate' ||
    Object.keys(value).some((name) => isNative(name, value))
  )
    return [value]
  const type = readString(tool.value['type']) ?? ''
  const counterpart = counterparts.find(([prefix]) => type.startsWith(prefix))
  if (counterpart !== undefined) return [{ [counterpart[1]]: {} }]
  if (encoding.request.dialect === 'openai-chat') refuse(`tools.${tool.name}`, encoding)
  else encoding.dropped.push(`tools.${tool.name}`)
  return []
}

function isNative(name: string, value: Body): boolean {
  return nativeTools.has(name) && readRecord(value[name]) !== null
}

const modes = { auto: 'AUTO', required: 'ANY', none: 'NONE' } as const

/** `toolConfig`, null when not needed. */
export function encodeToolConfig({ request, toolNames, dropped }: Encoding): Body | null {
  if (request.parallelToolCalls === false) dropped.push('parallel_tool_calls')
  const { toolChoice } = request
  if (toolChoice === null) return null
  const functionCallingConfig =
    toolChoice.type === 'tool'
      ? { mode: 'ANY', allowedFunctionNames: [toolNames.toUpstream(toolChoice.name)] }
      : { mode: modes[toolChoice.type] }
  return { functionCallingConfig }
}
