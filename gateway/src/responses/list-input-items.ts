import { GatewayError } from '@routeiq/contract'
import { type JsonRecord, readRecords, readString, readText } from '../conversation/json-value.ts'

const defaultLimit = 20
const maxLimit = 100

/**
 * The page `GET /responses/{id}/input_items` asks for. Items without an id of their own get one made of the response's.
 * Errors: 400 for a limit or order that is none, 404 for an `after` that is not among the items.
 */
export function listInputItems(
  input: readonly JsonRecord[],
  responseId: string,
  query: URLSearchParams,
): JsonRecord {
  const items = input.map((item, index) => completeItem(item, responseId, index))
  if (readOrder(query) === 'desc') items.reverse()
  const after = query.get('after')
  const start = after === null ? 0 : 1 + items.findIndex((item) => item['id'] === after)
  if (after !== null && start === 0) throw new GatewayError('not_found', `There is no item '${after}'.`)
  const limit = readLimit(query)
  const data = items.slice(start, start + limit)
  return {
    object: 'list',
    data,
    first_id: data[0]?.['id'] ?? '',
    last_id: data.at(-1)?.['id'] ?? '',
    has_more: start + limit < items.length,
  }
}

function completeItem(item: JsonRecord, responseId: string, index: number): JsonRecord {
  const type = readText(item['type']) ?? 'message'
  const id =
    readText(item['id']) ?? `${prefixes.get(type) ?? 'item'}_${responseId.slice('resp_'.length)}i${index}`
  if (type !== 'message') return { ...item, id }
  return { ...item, id, type, status: item['status'] ?? 'completed', content: listContent(item) }
}

const prefixes = new Map([
  ['message', 'msg'],
  ['function_call', 'fc'],
  ['function_call_output', 'fco'],
  ['custom_tool_call', 'ctc'],
  ['custom_tool_call_output', 'ctco'],
  ['reasoning', 'rs'],
])

function listContent({ role, content }: JsonRecord): readonly JsonRecord[] {
  const text = readString(content)
  if (text === null) return readRecords(content)
  return role === 'assistant'
    ? [{ type: 'output_text', text, annotations: [], logprobs: [] }]
    : [{ type: 'input_text', text }]
}

function readOrder(query: URLSearchParams): 'asc' | 'desc' {
  const order = query.get('order') ?? 'desc'
  if (order === 'asc' || order === 'desc') return order
  throw new GatewayError('invalid_request', '`order` must be asc or desc.', { param: 'order' })
}

function readLimit(query: URLSearchParams): number {
  const text = query.get('limit')
  const limit = text === null ? defaultLimit : Number(text)
  if (Number.isInteger(limit) && limit >= 1 && limit <= maxLimit) return limit
  throw new GatewayError('invalid_request', `\`limit\` must be from 1 to ${maxLimit}.`, { param: 'limit' })
}
