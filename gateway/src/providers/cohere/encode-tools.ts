import type { ConversationRequest } from '../../conversation/request.ts'
import { encodeFunctionTools } from '../function-tools.ts'
import type { WireEncoding } from '../wire-encoding.ts'

/** The tools the model may call: only the one the caller chose, because a choice cannot name it. */
export function encodeTools(encoding: WireEncoding): Record<string, unknown>[] {
  const { tools, toolChoice, parallelToolCalls } = encoding.request
  if (parallelToolCalls === false && tools.length > 0) encoding.dropped.push('parallel_tool_calls')
  const offered = toolChoice?.type === 'tool' ? tools.filter(({ name }) => name === toolChoice.name) : tools
  return encodeFunctionTools(offered, encoding)
}

/** Null leaves the choice to the model. */
export function encodeToolChoice({ toolChoice }: ConversationRequest): 'REQUIRED' | 'NONE' | null {
  if (toolChoice === null || toolChoice.type === 'auto') return null
  return toolChoice.type === 'none' ? 'NONE' : 'REQUIRED'
}
