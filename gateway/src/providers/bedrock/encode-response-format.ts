import { formatSchemaInstruction, jsonInstruction } from '../schema-instruction.ts'
import { describeTool } from './encode-tools.ts'
import type { Block, Encoding } from './encoding.ts'

/** How a response format reaches the model: as a tool it must call, or as words. */
export interface FormatPlan {
  readonly tool: Block | null
  readonly instruction: string | null
}

export const jsonToolName = 'json_tool_call'
const nothing: FormatPlan = { tool: null, instruction: null }

/** `isThinking`: a tool cannot be forced while the model thinks. */
export function planResponseFormat({ request, facts }: Encoding, isThinking: boolean): FormatPlan {
  const format = request.responseFormat
  if (format === null || format.type === 'text') return nothing
  if (format.type !== 'json_schema') return { ...nothing, instruction: jsonInstruction }
  if (isThinking || !facts.acceptsForcedTools || format.schema['type'] !== 'object') {
    return { ...nothing, instruction: formatSchemaInstruction(format.schema) }
  }
  const description = format.description ?? 'Give the final answer by calling this tool.'
  return { ...nothing, tool: describeTool(jsonToolName, description, format.schema) }
}
