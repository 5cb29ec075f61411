import type { JsonRecord } from '../../conversation/json-value.ts'
import { editMembers } from '../../json/edit-members.ts'
import { scanObject } from '../../json/object-members.ts'
import type { PassthroughOptions } from '../protocol.ts'

export interface EditOptions extends Pick<PassthroughOptions, 'requestedModel' | 'publicId'> {
  /** The id the client knows the continued response by, null when it continues none. */
  readonly previousId: string | null
}

const nothing: ReadonlySet<string> = new Set()

/**
 * A provider's response object with the names its client knows: the model it asked for, and ids that lead back to
 * the deployment. Every other byte stays. Null when the bytes are no JSON object.
 */
export function editResponse(bytes: Buffer, response: JsonRecord, options: EditOptions): Buffer | null {
  const object = scanObject(bytes)
  if (object === null) return null
  const set = new Map<string, string>()
  if ('model' in response) set.set('model', JSON.stringify(options.requestedModel))
  const { id } = response
  if (options.publicId !== null && typeof id === 'string') set.set('id', JSON.stringify(options.publicId(id)))
  if (response['previous_response_id'] !== undefined && options.previousId !== null)
    set.set('previous_response_id', JSON.stringify(options.previousId))
  return editMembers(bytes, object, { set, remove: nothing })
}

/** The same for the response inside an event of a stream; `data` is its JSON. */
export function editResponseEvent(data: Buffer, response: JsonRecord, options: EditOptions): Buffer | null {
  const member = scanObject(data)?.members.find(({ key }) => key === 'response')
  if (member === undefined) return null
  const edited = editResponse(data.subarray(member.valueStart, member.valueEnd), response, options)
  if (edited === null) return null
  return Buffer.concat([data.subarray(0, member.valueStart), edited, data.subarray(member.valueEnd)])
}
