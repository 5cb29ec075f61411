import type { ToolDefinition } from '../conversation/request.ts'
import { refuse } from './refuse.ts'
import { freeTextParameters } from './tool-arguments.ts'
import type { WireEncoding } from './wire-encoding.ts'

type Tool = Record<string, unknown>

/** Tools as `{type: 'function', function: …}`, the form many wires took from OpenAI. Errors: 400 for tools of providers. */
export function encodeFunctionTools(tools: readonly ToolDefinition[], encoding: WireEncoding): Tool[] {
  return tools.map((tool) => encodeTool(tool, encoding)).filter((tool) => tool !== null)
}

function encodeTool(tool: ToolDefinition, encoding: WireEncoding): Tool | null {
  if (tool.type === 'provider') {
    refuse(`tools.${tool.name}`, encoding)
    return null
  }
  const name = encoding.toolNames.toUpstream(tool.name)
  if (tool.type === 'custom') encoding.customTools.add(name)
  const description = tool.description === null ? {} : { description: tool.description }
  const parameters = tool.type === 'custom' ? freeTextParameters : (tool.parameters ?? noParameters)
  return { type: 'function', function: { name, ...description, parameters } }
}

const noParameters = { type: 'object', properties: {} } as const
