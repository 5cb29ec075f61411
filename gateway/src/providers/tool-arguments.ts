import { type JsonRecord, parseJson, readRecord } from '../conversation/json-value.ts'
import type { ToolCallPart } from '../conversation/part.ts'

/**
 * The arguments of a call for wires that want an object: free text as `input`, nothing as `{}`, and what is not a
 * JSON object as `_raw` text, never refused.
 */
export function readArguments(call: ToolCallPart): JsonRecord {
  if (call.kind === 'custom') return { input: call.arguments }
  if (call.arguments.trim() === '') return {}
  return readRecord(parseJson(call.arguments)) ?? { _raw: call.arguments }
}

/** The parameters of the function that stands in for a free-text tool; its one string is unwrapped in the answer. */
export const freeTextParameters = {
  type: 'object',
  properties: { input: { type: 'string' } },
  required: ['input'],
} as const
