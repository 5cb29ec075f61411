import { editMembers } from '../json/edit-members.ts'
import { scanObject } from '../json/object-members.ts'
import type { ModelRequest } from './model-request.ts'

/** What a body becomes when members of it are set to JSON text; everything else stays as it was sent. */
export function setMembers(
  request: ModelRequest,
  set: ReadonlyMap<string, string>,
): Pick<ModelRequest, 'bytes' | 'members' | 'body'> {
  const bytes = editMembers(request.bytes, request.members, { set, remove: new Set() })
  const members = scanObject(bytes)
  if (members === null) throw new Error('an edited body is no JSON object any more')
  const values = Object.fromEntries([...set].map(([name, text]) => [name, JSON.parse(text) as unknown]))
  return { bytes, members, body: { ...request.body, ...values } }
}
