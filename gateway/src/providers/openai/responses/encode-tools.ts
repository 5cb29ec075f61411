import { type JsonRecord, readRecord, readString } from '../../../conversation/json-value.ts'
import type { ConversationRequest, ToolChoice, ToolDefinition } from '../../../conversation/request.ts'
import type { ToolNames } from '../../tool-names.ts'

type Body = Record<string, unknown>

/** Adds tools and the choice among them to a body. */
export function addTools(
  body: Body,
  request: ConversationRequest,
  toolNames: ToolNames,
  dropped: string[],
): void {
  const tools: Body[] = []
  for (const tool of request.tools) {
    const encoded = encodeTool(tool, toolNames)
    if (encoded === null) dropped.push(`tools.${tool.name}`)
    else tools.push(encoded)
  }
  if (request.webSearch !== null) {
    const { contextSize, userLocation } = request.webSearch
    tools.push(encodeWebSearch({ search_context_size: contextSize }, userLocation))
  }
  if (tools.length === 0) return
  body['tools'] = tools
  if (request.toolChoice !== null)
    body['tool_choice'] = encodeToolChoice(request.toolChoice, request, toolNames)
  if (request.parallelToolCalls !== null) body['parallel_tool_calls'] = request.parallelToolCalls
}

function encodeTool(tool: ToolDefinition, toolNames: ToolNames): Body | null {
  if (tool.type === 'provider') return encodeProviderTool(tool.value)
  const { type, description } = tool
  const named = {
    type,
    name: toolNames.toUpstream(tool.name),
    ...(description === null ? {} : { description }),
  }
  if (tool.type === 'custom')
    return tool.format === null ? named : { ...named, format: encodeFormat(tool.format) }
  // Left out, `strict` would be true and refuse most schemas.
  const parameters = tool.parameters ?? { type: 'object', properties: {} }
  return { ...named, parameters, strict: tool.strict ?? false }
}

/** Chat completions nest the grammar one level deeper. */
function encodeFormat(format: JsonRecord): JsonRecord {
  const grammar = readRecord(format['grammar'])
  return grammar === null ? format : { type: 'grammar', ...grammar }
}

/** Web search is what every provider means by the same word; other tools run only at their own. */
function encodeProviderTool(tool: JsonRecord): Body | null {
  const isSearch = readString(tool['type'])?.startsWith('web_search') === true
  return isSearch ? encodeWebSearch({}, readRecord(tool['user_location'])) : null
}

function encodeWebSearch(options: JsonRecord, userLocation: JsonRecord | null): Body {
  const nested = readRecord(userLocation?.['approximate'])
  const location = nested === null ? userLocation : { type: 'approximate', ...nested }
  return { type: 'web_search', ...options, ...(location === null ? {} : { user_location: location }) }
}

function encodeToolChoice(choice: ToolChoice, request: ConversationRequest, toolNames: ToolNames): unknown {
  if (choice.type !== 'tool') return choice.type
  const isCustom = request.tools.some((tool) => tool.type === 'custom' && tool.name === choice.name)
  return { type: isCustom ? 'custom' : 'function', name: toolNames.toUpstream(choice.name) }
}
