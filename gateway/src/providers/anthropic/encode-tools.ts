import { readRecord, readString } from '../../conversation/json-value.ts'
import type { FunctionTool, ProviderTool, ToolDefinition } from '../../conversation/request.ts'
import { refuse } from '../refuse.ts'
import { namesOfCalledTools } from '../stub-tools.ts'
import { freeTextParameters } from '../tool-arguments.ts'
import type { Block, Encoding } from './encoding.ts'
import { betaOfTool, encodeWebSearch, isServerTool } from './server-tools.ts'

/** All tools, those the history needs included. */
export function encodeTools(encoding: Encoding): Block[] {
  const { request } = encoding
  const tools = request.tools.map((tool) => encodeTool(tool, encoding)).filter((tool) => tool !== null)
  if (request.webSearch !== null) tools.push(encodeWebSearch(request.webSearch))
  return tools.length > 0 ? tools : stubTools(encoding)
}

function encodeTool(tool: ToolDefinition, encoding: Encoding): Block | null {
  if (tool.type === 'provider') return encodeProviderTool(tool, encoding)
  const block =
    tool.type === 'function' ? encodeFunction(tool, encoding) : encodeFreeText(tool.name, encoding)
  if (tool.description !== null) block['description'] = tool.description
  if (tool.cacheControl !== undefined) block['cache_control'] = tool.cacheControl
  return block
}

function encodeFunction(tool: FunctionTool, { toolNames, facts }: Encoding): Block {
  const schema = { ...tool.parameters }
  const properties = readRecord(schema['properties']) === null ? { properties: {} } : {}
  const block: Block = {
    name: toolNames.toUpstream(tool.name),
    input_schema: { ...schema, type: 'object', ...properties },
  }
  if (tool.strict !== null && facts.supportsStructuredOutput) block['strict'] = tool.strict
  return block
}

/** A free-text tool as a function with one string; the answer is unwrapped again. */
function encodeFreeText(callerName: string, { toolNames, customTools }: Encoding): Block {
  const name = toolNames.toUpstream(callerName)
  customTools.add(name)
  return { name, input_schema: freeTextParameters }
}

function encodeProviderTool(tool: ProviderTool, encoding: Encoding): Block | null {
  const type = readString(tool.value['type']) ?? ''
  if (isServerTool(type) || encoding.request.dialect === 'anthropic-messages') {
    const beta = betaOfTool(type)
    if (beta !== null) encoding.betas.add(beta)
    return { ...tool.value }
  }
  if (type === 'web_search' || type === 'web_search_preview') {
    const userLocation = readRecord(tool.value['user_location'])
    return encodeWebSearch({ contextSize: 'medium', userLocation })
  }
  // Clients of Responses offer OpenAI's own tools whatever the model is; a tool server is one they chose themselves.
  if (encoding.request.dialect === 'openai-responses' && type !== 'mcp')
    encoding.dropped.push(`tools.${tool.name}`)
  else refuse(`tools.${tool.name}`, encoding)
  return null
}

/** The provider refuses a history with tool calls when no tool is defined. */
function stubTools(encoding: Encoding): Block[] {
  return namesOfCalledTools(encoding).map((name) => ({
    name,
    input_schema: { type: 'object', properties: {} },
  }))
}

const choiceTypes = { auto: 'auto', required: 'any', none: 'none' } as const

/** `tool_choice`, with parallel calls switched off inside it when the caller asked for that; null when not needed. */
export function encodeToolChoice({ request, toolNames }: Encoding): Block | null {
  const { toolChoice, parallelToolCalls } = request
  const isSerial = parallelToolCalls === false
  if (toolChoice === null) return isSerial ? { type: 'auto', disable_parallel_tool_use: true } : null
  const choice: Block =
    toolChoice.type === 'tool'
      ? { type: 'tool', name: toolNames.toUpstream(toolChoice.name) }
      : { type: choiceTypes[toolChoice.type] }
  if (isSerial && toolChoice.type !== 'none') choice['disable_parallel_tool_use'] = true
  return choice
}
