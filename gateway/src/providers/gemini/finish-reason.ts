import type { Finish, FinishReason } from '../../conversation/reply.ts'

const refusals = [
  'SAFETY',
  'RECITATION',
  'BLOCKLIST',
  'PROHIBITED_CONTENT',
  'SPII',
  'IMAGE_SAFETY',
  'IMAGE_PROHIBITED_CONTENT',
  'IMAGE_RECITATION',
  'MODEL_ARMOR',
] as const

const reasons = new Map<string, FinishReason>([
  ['STOP', 'stop'],
  ['MAX_TOKENS', 'length'],
  ...refusals.map((word) => [word, 'content-filter'] as const),
])

/** Finishes that stand for a function call the model got wrong. */
const brokenCalls = new Set(['MALFORMED_FUNCTION_CALL', 'UNEXPECTED_TOOL_CALL', 'MALFORMED_RESPONSE'])

export function isBrokenCall(providerReason: string): boolean {
  return brokenCalls.has(providerReason)
}

/** The provider says `STOP` for an answer that ends in calls, too. */
export function mapFinish(providerReason: string, hasCalls: boolean): Finish {
  const reason = reasons.get(providerReason) ?? 'stop'
  return { reason: reason === 'stop' && hasCalls ? 'tool-calls' : reason, providerReason, stopSequence: null }
}
