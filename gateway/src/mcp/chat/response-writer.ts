import { randomUUID } from 'node:crypto'
import { type JsonRecord, readRecords, readString, readText } from '../../conversation/json-value.ts'
import { formatItemId, locateItem } from '../../conversation/response-item-id.ts'
import type { ModelRequest } from '../../pipeline/model-request.ts'
import { EventWriter } from '../../protocols/openai-responses/event-writer.ts'
import type { ToolAnswer } from './tool-answer.ts'

const prefixes: Readonly<Record<string, string>> = {
  ...{ message: 'msg', reasoning: 'rs', function_call: 'fc', custom_tool_call: 'ctc' },
  ...{ mcp_list_tools: 'mcpl', mcp_call: 'mcp', mcp_approval_request: 'mcpr' },
}

/** The answer to a Responses request that takes several turns: one response, streamed item by item where that is wanted. */
export class ResponseWriter {
  readonly #request: ModelRequest
  readonly #answer: ToolAnswer
  readonly #events = new EventWriter()
  readonly #output: JsonRecord[] = []
  readonly #id: string
  #frame: JsonRecord = {}
  #isBegun = false

  constructor(request: ModelRequest, answer: ToolAnswer) {
    this.#request = request
    this.#answer = answer
    this.#id = request.protocol.formatId(randomUUID(), request.operation)
  }

  /** The model has answered for the first time. */
  begin(answered: JsonRecord): void {
    const { usage: _, output: __, ...frame } = answered
    const { clientBody } = this.#request
    this.#frame = {
      ...frame,
      id: this.#id,
      previous_response_id: clientBody['previous_response_id'] ?? null,
      store: clientBody['store'] !== false,
      tools: readRecords(clientBody['tools']).map(withoutSecrets),
      tool_choice: clientBody['tool_choice'] ?? 'auto',
    }
    this.#isBegun = true
    if (!this.#request.stream) return
    const response = { ...this.#frame, status: 'in_progress', output: [], usage: null }
    this.#write('response.created', { response })
    this.#write('response.in_progress', { response })
    this.#flush()
  }

  /** What the servers of one entry offer. */
  listTools(given: JsonRecord): void {
    const { item, index } = this.#take(given)
    const place = { output_index: index, item_id: item['id'] }
    this.#write('response.output_item.added', { output_index: index, item: { ...item, tools: [] } })
    this.#write('response.mcp_list_tools.in_progress', place)
    this.#write('response.mcp_list_tools.completed', place)
    this.#close(item, index)
  }

  /** A call of ours, from its beginning. Resolves with the item at its end. */
  async call(started: JsonRecord, ending: Promise<JsonRecord>): Promise<JsonRecord> {
    const { item, index } = this.#take(started)
    const place = { output_index: index, item_id: item['id'] }
    const text = readString(item['arguments']) ?? ''
    this.#write('response.output_item.added', { output_index: index, item: { ...item, arguments: '' } })
    this.#write('response.mcp_call.in_progress', place)
    this.#write('response.mcp_call_arguments.delta', { ...place, delta: text })
    this.#write('response.mcp_call_arguments.done', { ...place, arguments: text })
    this.#flush()
    const ended = { ...(await ending), id: item['id'] }
    this.#output[index] = ended
    const isFailed = readText((ended as JsonRecord)['status']) === 'failed'
    this.#write(isFailed ? 'response.mcp_call.failed' : 'response.mcp_call.completed', place)
    this.#close(ended, index)
    return ended
  }

  /** Any other item, which is whole. */
  add(given: JsonRecord): void {
    const { item, index } = this.#take(given)
    const place = { output_index: index, item_id: item['id'] }
    if (item['type'] === 'message') this.#addMessage(item, index)
    else if (item['type'] === 'function_call') {
      const text = readString(item['arguments']) ?? ''
      this.#write('response.output_item.added', { output_index: index, item: { ...item, arguments: '' } })
      this.#write('response.function_call_arguments.delta', { ...place, delta: text })
      this.#write('response.function_call_arguments.done', { ...place, name: item['name'], arguments: text })
    } else this.#write('response.output_item.added', { output_index: index, item })
    this.#close(item, index)
  }

  /** The model wants nothing more. Returns the response as it was sent. */
  end(answered: JsonRecord, usage: JsonRecord): JsonRecord {
    const { status = 'completed', incomplete_details = null, error = null } = answered
    const response = { ...this.#frame, status, incomplete_details, error, output: this.#output, usage }
    if (this.#request.stream) {
      this.#write(status === 'incomplete' ? 'response.incomplete' : 'response.completed', { response })
      this.#flush()
      this.#answer.end()
    } else this.#answer.sendJson(200, response)
    return response
  }

  /** A turn has failed. Returns the status the client got. */
  fail(status: number, body: JsonRecord): number {
    if (!this.#answer.isOpen) {
      this.#answer.sendJson(status, body)
      return status
    }
    const { message = 'The model could not be called.' } = (body['error'] ?? {}) as { message?: unknown }
    const error = { code: 'server_error', message }
    if (this.#isBegun)
      this.#write('response.failed', {
        response: { ...this.#frame, status: 'failed', error, output: this.#output, usage: null },
      })
    else this.#write('error', { ...error, param: null })
    this.#flush()
    this.#answer.end()
    return 200
  }

  #addMessage(item: JsonRecord, index: number): void {
    const empty = { ...item, status: 'in_progress', content: [] }
    this.#write('response.output_item.added', { output_index: index, item: empty })
    for (const [content_index, part] of readRecords(item['content']).entries()) {
      const place = { item_id: item['id'], output_index: index, content_index }
      const kind = part['type'] === 'refusal' ? 'refusal' : 'text'
      const text = readString(part[kind]) ?? ''
      const name = kind === 'refusal' ? 'response.refusal' : 'response.output_text'
      this.#write('response.content_part.added', { ...place, part: { ...part, [kind]: '' } })
      this.#write(`${name}.delta`, { ...place, delta: text, ...(kind === 'text' && { logprobs: [] }) })
      this.#write(`${name}.done`, { ...place, [kind]: text, ...(kind === 'text' && { logprobs: [] }) })
      this.#write('response.content_part.done', { ...place, part })
    }
  }

  /** Gives an item its place. Ids of a turn that nobody keeps lead nowhere, so it gets one of this response. */
  #take(given: JsonRecord): { readonly item: JsonRecord; readonly index: number } {
    const index = this.#output.length
    const id = readText(given['id'])
    const prefix = prefixes[readText(given['type']) ?? ''] ?? 'item'
    const isLost = id === null || locateItem(id) !== null
    const item = { ...given, id: isLost ? formatItemId(this.#id, prefix, index) : id }
    this.#output.push(item)
    return { item, index }
  }

  #close(item: JsonRecord, index: number): void {
    this.#write('response.output_item.done', { output_index: index, item })
    this.#flush()
  }

  #write(type: string, members: JsonRecord): void {
    if (this.#request.stream) this.#events.write(type, members)
  }

  #flush(): void {
    if (this.#request.stream) this.#answer.write(this.#events.take())
  }
}

/** What a client sent for its servers does not come back. */
function withoutSecrets(tool: JsonRecord): JsonRecord {
  const { headers: _, authorization: __, ...shown } = tool
  return tool['type'] === 'mcp' ? shown : tool
}
