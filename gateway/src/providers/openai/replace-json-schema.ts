import { type JsonRecord, readList, readRecord } from '../../conversation/json-value.ts'
import { formatSchemaInstruction } from '../schema-instruction.ts'
import type { PendingEdits } from './vendor-edits.ts'

/** For vendors without `json_schema`: JSON mode, and the schema as an instruction after the leading system messages. */
export function replaceJsonSchema(body: JsonRecord, edits: PendingEdits): void {
  const format = readRecord(body['response_format'])
  if (format?.['type'] !== 'json_schema') return
  const schema = readRecord(format['json_schema'])?.['schema'] ?? {}
  const messages = [...readList(edits.set['messages'] ?? body['messages'])]
  const isSystem = (message: unknown): boolean => {
    const role = readRecord(message)?.['role']
    return role === 'system' || role === 'developer'
  }
  const firstOther = messages.findIndex((message) => !isSystem(message))
  const position = firstOther === -1 ? messages.length : firstOther
  messages.splice(position, 0, { role: 'system', content: formatSchemaInstruction(schema) })
  edits.set['messages'] = messages
  edits.set['response_format'] = { type: 'json_object' }
}
