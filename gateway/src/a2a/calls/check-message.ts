import { type JsonRecord, readRecord } from '../../conversation/json-value.ts'
import { invalidParam } from '../protocol/a2a-error.ts'

/** The message of a call. Only what the gateway itself relies on is checked; the rest is the agent's. Errors: -32602 with the path. */
export function checkMessage(params: JsonRecord): JsonRecord {
  const message = readRecord(params['message'])
  if (message === null) throw invalidParam('message', 'a message is needed')
  requireText(message, 'messageId')
  const role = message['role']
  if (typeof role !== 'string' || role === '') throw invalidParam('message.role', 'a role is needed')
  if (!/^(?:user|agent|ROLE_USER|ROLE_AGENT)$/.test(role))
    throw invalidParam('message.role', 'this is no role of the protocol')
  const { parts } = message
  if (!Array.isArray(parts) || parts.length === 0)
    throw invalidParam('message.parts', 'at least one part is needed')
  for (const [index, part] of parts.entries()) checkPart(part, `message.parts[${index}]`)
  for (const name of ['taskId', 'contextId'])
    if (message[name] !== undefined && message[name] !== null && typeof message[name] !== 'string')
      throw invalidParam(`message.${name}`, 'this should be text')
  const { configuration } = params
  if (configuration !== undefined && configuration !== null && readRecord(configuration) === null)
    throw invalidParam('configuration', 'this should be an object')
  return message
}

function checkPart(part: unknown, path: string): void {
  const record = readRecord(part)
  if (record === null) throw invalidParam(path, 'this should be an object')
  if (!['kind', 'text', 'raw', 'url', 'data', 'file'].some((name) => name in record))
    throw invalidParam(path, 'this part has no content')
  const { kind, text } = record
  if (kind !== undefined && kind !== 'text' && kind !== 'file' && kind !== 'data')
    throw invalidParam(`${path}.kind`, 'this is no kind of part')
  if (text !== undefined && typeof text !== 'string')
    throw invalidParam(`${path}.text`, 'this should be text')
}

function requireText(message: JsonRecord, name: string): void {
  const value = message[name]
  if (typeof value !== 'string' || value === '') throw invalidParam(`message.${name}`, 'this should be text')
}
