import { type JsonRecord, readRecord, readString } from '../../conversation/json-value.ts'
import { headLines } from '../../http/server/head-line.ts'
import type { ModelRequest } from '../../pipeline/model-request.ts'

/** The answer to a Messages request that takes several turns: one message, streamed block by block where that is wanted. */
export class MessageWriter {
  readonly #request: ModelRequest
  readonly #content: JsonRecord[] = []
  #isBegun = false

  constructor(request: ModelRequest) {
    this.#request = request
  }

  /** The client has got the beginning of a stream. */
  get isStreaming(): boolean {
    return this.#isBegun && this.#request.stream
  }

  /** The model has answered for the first time: nothing is an HTTP error from now on. */
  begin(answered: JsonRecord): void {
    this.#isBegun = true
    if (!this.#request.stream) return
    const { exchange } = this.#request
    const lines = headLines(['content-type', 'text/event-stream; charset=utf-8', 'cache-control', 'no-cache'])
    exchange.response.begin(200, `x-request-id: ${exchange.requestId}\r\n${lines}`)
    const { output_tokens: _, ...usage } = readRecord(answered['usage']) ?? {}
    const message = { ...answered, content: [], stop_reason: null, stop_sequence: null }
    this.#write('message_start', { message: { ...message, usage: { ...usage, output_tokens: 0 } } })
  }

  add(block: JsonRecord): void {
    const index = this.#content.length
    this.#content.push(block)
    if (!this.#request.stream) return
    const { empty, deltas } = splitBlock(block)
    this.#write('content_block_start', { index, content_block: empty })
    for (const delta of deltas) this.#write('content_block_delta', { index, delta })
    this.#write('content_block_stop', { index })
  }

  /** The model wants nothing more. Returns the status. */
  end(answered: JsonRecord, usage: JsonRecord): number {
    const { exchange, stream } = this.#request
    if (!stream) {
      exchange.sendJson(200, { ...answered, content: this.#content, usage })
      return 200
    }
    const { stop_reason, stop_sequence = null } = answered
    this.#write('message_delta', { delta: { stop_reason, stop_sequence }, usage })
    this.#write('message_stop', {})
    exchange.response.end()
    return 200
  }

  /** A turn has failed. Returns the status the client got. */
  fail(status: number, body: JsonRecord): number {
    const { exchange } = this.#request
    if (!this.isStreaming) {
      exchange.sendJson(status, body)
      return status
    }
    this.#write('error', { error: body['error'], request_id: exchange.requestId })
    exchange.response.end()
    return 200
  }

  #write(type: string, members: JsonRecord): void {
    const event = `event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`
    this.#request.exchange.response.write(event, 'utf8')
  }
}

/** A block as it begins, and what is said of it afterwards. */
function splitBlock(block: JsonRecord): {
  readonly empty: JsonRecord
  readonly deltas: readonly JsonRecord[]
} {
  switch (block['type']) {
    case 'text':
      return {
        empty: { ...block, text: '' },
        deltas: [{ type: 'text_delta', text: readString(block['text']) ?? '' }],
      }
    case 'thinking': {
      const { thinking, signature } = block
      return {
        empty: { ...block, thinking: '', signature: '' },
        deltas: [
          { type: 'thinking_delta', thinking },
          ...(signature === undefined ? [] : [{ type: 'signature_delta', signature }]),
        ],
      }
    }
    case 'tool_use':
    case 'mcp_tool_use':
    case 'server_tool_use': {
      const partial_json = JSON.stringify(block['input'] ?? {})
      return { empty: { ...block, input: {} }, deltas: [{ type: 'input_json_delta', partial_json }] }
    }
    default:
      return { empty: block, deltas: [] }
  }
}
