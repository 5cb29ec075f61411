import { readRecord } from '../../conversation/json-value.ts'
import type { ToolDefinition } from '../../conversation/request.ts'
import { refuse } from '../refuse.ts'
import { namesOfCalledTools } from '../stub-tools.ts'
import { freeTextParameters } from '../tool-arguments.ts'
import { encodeCacheMark } from './encode-part.ts'
import type { Block, Encoding } from './encoding.ts'

/** All tools with their cache marks, those the history needs included. */
export function encodeTools(encoding: Encoding): Block[] {
  const { request } = encoding
  if (request.webSearch !== null) refuse('web_search_options', encoding)
  if (request.parallelToolCalls === false && request.tools.length > 0)
    encoding.dropped.push('parallel_tool_calls')
  const tools = request.tools.flatMap((tool) => encodeTool(tool, encoding))
  if (tools.length > 0) return tools
  return namesOfCalledTools(encoding).map((name) =>
    describeTool(name, null, { type: 'object', properties: {} }),
  )
}

function encodeTool(tool: ToolDefinition, encoding: Encoding): Block[] {
  if (tool.type === 'provider') {
    // Converse's own tools (`{systemTool: …}`) have a form of their own.
    if (tool.value['systemTool'] !== undefined) return [{ ...tool.value }]
    refuse(`tools.${tool.name}`, encoding)
    return []
  }
  const name = encoding.toolNames.toUpstream(tool.name)
  if (tool.type === 'custom') encoding.customTools.add(name)
  const schema = tool.type === 'custom' ? freeTextParameters : objectSchema(tool.parameters)
  const mark = encodeCacheMark(tool.cacheControl, encoding)
  const block = describeTool(name, tool.description, schema)
  return mark === null ? [block] : [block, mark]
}

export function describeTool(name: string, description: string | null, schema: object): Block {
  const said = description === null || description === '' ? {} : { description }
  return { toolSpec: { name, ...said, inputSchema: { json: schema } } }
}

function objectSchema(parameters: Readonly<Record<string, unknown>> | null): Block {
  const properties = readRecord(parameters?.['properties']) === null ? { properties: {} } : {}
  return { ...parameters, type: 'object', ...properties }
}

/** Null where the model is left to choose, also when it cannot be told not to. */
export function encodeToolChoice(encoding: Encoding): Block | null {
  const { toolChoice } = encoding.request
  if (toolChoice === null || toolChoice.type === 'auto') return null
  if (toolChoice.type === 'none') encoding.dropped.push('tool_choice')
  else if (!encoding.facts.acceptsForcedTools) refuse('tool_choice', encoding)
  else if (toolChoice.type === 'tool')
    return { tool: { name: encoding.toolNames.toUpstream(toolChoice.name) } }
  else return { any: {} }
  return null
}
