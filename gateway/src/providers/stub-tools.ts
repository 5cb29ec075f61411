import { invalidHistory } from './invalid-history.ts'
import type { WireEncoding } from './wire-encoding.ts'

/**
 * The upstream names of the tools that a history calls, for wires that refuse such a history when no tool is defined.
 * Errors: 400 unless `modify_params` allows defining them.
 */
export function namesOfCalledTools({ request, toolNames, target }: WireEncoding): readonly string[] {
  const names = new Set<string>()
  for (const { parts } of request.messages) {
    for (const part of parts) if (part.type === 'tool-call') names.add(toolNames.toUpstream(part.name))
  }
  if (names.size > 0 && !target.modifyParams) {
    throw invalidHistory('the history calls tools, but the request defines none', 'tools')
  }
  return [...names]
}
