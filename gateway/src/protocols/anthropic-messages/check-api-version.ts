import { GatewayError } from '@routeiq/contract'
import { type JsonRecord, readRecords } from '../../conversation/json-value.ts'

/** The first version with the rules below; later ones keep them. Versions are dates, so they compare as text. */
const strictVersion = '2026-10-21'
const datePattern = /^\d{4}-\d{2}-\d{2}$/
const samplingMembers = ['temperature', 'top_p', 'top_k'] as const

/**
 * What the API version a client states no longer takes: sampling parameters, even at their defaults, bare documents
 * of the assistant, citations on the user's text. Any version is accepted. Errors: 400 naming the field.
 */
export function checkApiVersion(body: JsonRecord, version: unknown): void {
  if (typeof version !== 'string' || version < strictVersion || !datePattern.test(version)) return
  for (const name of samplingMembers) {
    if (body[name] !== undefined && body[name] !== null) throw refused(name, 'is not supported', version)
  }
  readRecords(body['messages']).forEach((message, index) => {
    checkContent(message, `messages[${index}].content`, version)
  })
}

function checkContent(message: JsonRecord, path: string, version: string): void {
  readRecords(message['content']).forEach((block, index) => {
    const at = `${path}[${index}]`
    if (message['role'] === 'assistant' && block['type'] === 'document')
      throw refused(at, 'is a document, which an assistant message may not hold', version)
    if (message['role'] === 'user' && block['type'] === 'text' && readRecords(block['citations']).length > 0)
      throw refused(`${at}.citations`, 'must be empty on text of the user', version)
  })
}

function refused(param: string, what: string, version: string): GatewayError {
  return new GatewayError('invalid_request', `\`${param}\` ${what} in API version ${version}.`, { param })
}
