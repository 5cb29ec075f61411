import { isGatewayMember } from '../../conversation/gateway-members.ts'
import type { JsonRecord } from '../../conversation/json-value.ts'
import { type BodyEdits, noEdits } from '../passthrough-edits.ts'

/** A Messages body goes upstream as it is, without what speaks to the gateway. */
export function editPassthrough(body: JsonRecord): BodyEdits {
  const remove: string[] = []
  for (const name in body) if (isGatewayMember(name)) remove.push(name)
  return remove.length === 0 ? noEdits : { ...noEdits, remove }
}
