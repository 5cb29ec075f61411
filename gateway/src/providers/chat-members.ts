import type { JsonRecord } from '../conversation/json-value.ts'

/** Members of the chat dialect that only hint, or that other code reads: another wire leaves them out and notes it. */
const hints = new Set([
  'store',
  'prompt_cache_key',
  'prompt_cache_retention',
  'verbosity',
  'safety_identifier',
  'modalities',
])

export function isChatHint(name: string): boolean {
  return hints.has(name)
}

/** Whether a member's value asks for nothing: `logprobs: false`, `logit_bias: {}`. */
export function isNeutral(value: unknown): boolean {
  return (
    value === false ||
    value === 0 ||
    (typeof value === 'object' && Object.keys(value as JsonRecord).length === 0)
  )
}
