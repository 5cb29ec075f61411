import { isGatewayMember } from '../../../conversation/gateway-members.ts'
import type { JsonRecord } from '../../../conversation/json-value.ts'
import { type BodyEdits, noEdits } from '../../passthrough-edits.ts'

/** What must change in a Responses body before its bytes go to a provider of Responses: members for the gateway go. */
export function editPassthrough(body: JsonRecord): BodyEdits {
  const remove: string[] = []
  for (const name in body) if (isGatewayMember(name)) remove.push(name)
  return remove.length === 0 ? noEdits : { remove, set: {}, dropped: [] }
}
