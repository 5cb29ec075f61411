import { createHash } from 'node:crypto'
import { splitThoughtCallId } from '../conversation/thought-call-id.ts'

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/**
 * An id as vendors with nine-character ids want it: unchanged when it fits, else nine letters and digits made from
 * its hash, so that a call and its result keep matching over all turns. Nothing needs to be undone in the answer,
 * whose ids are the vendor's own.
 */
export function fitAlphanumericId(callId: string): string {
  const { id } = splitThoughtCallId(callId)
  if (/^[A-Za-z0-9]{9}$/.test(id)) return id
  const digest = createHash('sha256').update(id).digest()
  return Array.from(digest.subarray(0, 9), (byte) => digits[byte % digits.length]).join('')
}

/** An id of letters, digits, `_` and `-` (Anthropic); others are replaced by a hash the same way. */
export function fitWordId(callId: string): string {
  const { id } = splitThoughtCallId(callId)
  if (/^[A-Za-z0-9_-]{1,64}$/.test(id)) return id
  return `toolu_${createHash('sha256').update(id).digest('hex').slice(0, 32)}`
}
