import { type JsonRecord, readRecord, readString } from '../../conversation/json-value.ts'
import type { ModelRequest } from '../../pipeline/model-request.ts'
import type { ToolAnswer } from './tool-answer.ts'

/** The answer to a Messages request that takes several turns: one message, streamed block by block where that is wanted. */
export class MessageWriter {
  readonly #request: ModelRequest
  readonly #answer: ToolAnswer
  readonly #content: JsonRecord[] = []

  constructor(request: ModelRequest, answer: ToolAnswer) {
    this.#request = request
    this.#answer = answer
  }

  /** The model has answered for the first time. */
  begin(answered: JsonRecord): void {
    if (!this.#request.stream) return
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
    if (!this.#request.stream) {
      this.#answer.sendJson(200, { ...answered, content: this.#content, usage })
      return 200
    }
    const { stop_reason, stop_sequence = null } = answered
    this.#write('message_delta', { delta: { stop_reason, stop_sequence }, usage })
    this.#write('message_stop', {})
    this.#answer.end()
    return 200
  }

  /** A turn has failed. Returns the status the client got. */
  fail(status: number, body: JsonRecord): number {
    if (!this.#answer.isOpen) {
      this.#answer.sendJson(status, body)
      return status
    }
    this.#write('error', { error: body['error'], request_id: this.#request.exchange.requestId })
    this.#answer.end()
    return 200
  }

  #write(type: string, members: JsonRecord): void {
    const event = `event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`
    this.#answer.write(event)
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
