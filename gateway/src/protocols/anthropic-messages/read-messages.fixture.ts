import { SseParser } from '../sse.ts'

type Json = Readonly<Record<string, unknown>>
type Block = Record<string, unknown> & { type: string }

/** A Messages stream put together again. */
export interface ReadMessage {
  readonly message: Json
  readonly content: readonly Block[]
  /** The `delta` and `usage` of the one `message_delta`. */
  readonly delta: Json
  readonly usage: Json
  readonly eventNames: readonly string[]
}

/**
 * Reads a complete Messages stream and holds it to the grammar: one start, one open block at a time with indexes
 * from 0 on, deltas only for the open block, one `message_delta`, `message_stop` last. Errors: throws on anything
 * else, and when an `event:` line differs from the type of its data.
 */
export function readMessages(text: string): ReadMessage {
  const reader = new MessageReader()
  const parser = new SseParser()
  const events = [...parser.push(Buffer.from(text)), ...parser.end()]
  for (const { event, data } of events) {
    const parsed = JSON.parse(data) as Json
    if (event !== parsed['type']) throw new Error(`event ${event} holds ${data}`)
    reader.push(parsed)
  }
  return { ...reader.end(), eventNames: events.map(({ event }) => event ?? '') }
}

class MessageReader {
  #message: Json | null = null
  readonly #content: Block[] = []
  #open: { readonly block: Block; json: string } | null = null
  #last: { readonly delta: Json; readonly usage: Json } | null = null
  #hasStopped = false

  push(event: Json): void {
    if (this.#hasStopped) throw new Error('something follows message_stop')
    if (event['type'] === 'ping') return
    if (event['type'] === 'message_start') {
      if (this.#message !== null) throw new Error('a second message_start')
      this.#message = event['message'] as Json
      return
    }
    if (this.#message === null) throw new Error(`${event['type']} before message_start`)
    this.#pushInside(event)
  }

  end(): Omit<ReadMessage, 'eventNames'> {
    if (this.#message === null || this.#last === null || !this.#hasStopped) throw new Error('not complete')
    return { message: this.#message, content: this.#content, ...this.#last }
  }

  #pushInside(event: Json): void {
    switch (event['type']) {
      case 'content_block_start':
        this.#expect(event['index'], this.#content.length, this.#open === null)
        this.#open = { block: { ...(event['content_block'] as Block) }, json: '' }
        return
      case 'content_block_delta':
        this.#expect(event['index'], this.#content.length, this.#open !== null)
        this.#add(event['delta'] as Json)
        return
      case 'content_block_stop':
        this.#expect(event['index'], this.#content.length, this.#open !== null)
        this.#close()
        return
      case 'message_delta':
        if (this.#open !== null || this.#last !== null) throw new Error('an untimely message_delta')
        this.#last = { delta: event['delta'] as Json, usage: event['usage'] as Json }
        return
      case 'message_stop':
        if (this.#last === null) throw new Error('message_stop before message_delta')
        this.#hasStopped = true
        return
      default:
        throw new Error(`an unknown event ${String(event['type'])}`)
    }
  }

  #expect(index: unknown, expected: number, inOrder: boolean): void {
    if (index !== expected || !inOrder) throw new Error(`an untimely event of block ${String(index)}`)
  }

  #add(delta: Json): void {
    const { block } = this.#open as { block: Block }
    const append = (name: string, value: unknown): void => {
      block[name] = `${String(block[name] ?? '')}${String(value)}`
    }
    if (delta['type'] === 'text_delta') append('text', delta['text'])
    else if (delta['type'] === 'thinking_delta') append('thinking', delta['thinking'])
    else if (delta['type'] === 'signature_delta') append('signature', delta['signature'])
    else if (delta['type'] === 'citations_delta')
      block['citations'] = [...((block['citations'] ?? []) as Json[]), delta['citation']]
    else if (delta['type'] === 'input_json_delta' && this.#open !== null)
      this.#open.json += String(delta['partial_json'])
    else throw new Error(`an unknown delta ${String(delta['type'])}`)
  }

  #close(): void {
    const open = this.#open as { block: Block; json: string }
    if (open.json !== '') open.block['input'] = JSON.parse(open.json) as unknown
    this.#content.push(open.block)
    this.#open = null
  }
}
