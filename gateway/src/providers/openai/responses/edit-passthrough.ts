import { isSealed } from '../../../conversation/blob-sealer.ts'
import { isGatewayMember } from '../../../conversation/gateway-members.ts'
import { type JsonRecord, readRecord, readText } from '../../../conversation/json-value.ts'
import { locateItem } from '../../../conversation/response-item-id.ts'
import { type BodyEdits, noEdits } from '../../passthrough-edits.ts'

/**
 * What must change in a Responses body before its bytes go to a provider of Responses: members for the gateway go, and
 * so does the thinking of other providers, which this one would refuse.
 */
export function editPassthrough(body: JsonRecord): BodyEdits {
  const remove: string[] = []
  for (const name in body) if (isGatewayMember(name)) remove.push(name)
  const { input } = body
  const isMixed = Array.isArray(input) && input.some(isForeignThinking)
  if (remove.length === 0 && !isMixed) return noEdits
  const set = isMixed ? { input: input.filter((item) => !isForeignThinking(item)) } : {}
  return { remove, set, dropped: isMixed ? ['input[].reasoning'] : [] }
}

/** Thinking in an envelope of the gateway, or of a response of its own without what its provider signed. */
function isForeignThinking(value: unknown): boolean {
  const item = readRecord(value)
  if (item?.['type'] !== 'reasoning') return false
  const encrypted = readText(item['encrypted_content'])
  return encrypted === null ? locateItem(readText(item['id']) ?? '') !== null : isSealed(encrypted)
}
