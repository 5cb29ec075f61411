import type { JsonRecord } from '../../conversation/json-value.ts'
import type { Finish, ReplyExtra } from '../../conversation/reply.ts'
import type { ReplyEvent } from '../../conversation/stream-event.ts'
import { type Usage, zeroUsage } from '../../conversation/usage.ts'
import type { ReplyHead, ReplyOptions, StreamFormatter } from '../protocol.ts'
import { BlockQueue } from './block-queue.ts'
import {
  type Block,
  formatCitation,
  formatImage,
  formatOpaque,
  formatRedacted,
  formatSignature,
  formatToolStart,
} from './format-block.ts'
import { formatHead, ownExtra } from './format-reply.ts'
import { formatStop } from './format-stop.ts'
import { formatFinalUsage, formatUsage } from './format-usage.ts'

const emptyText: Block = { type: 'text', text: '' }
const emptyThinking: Block = { type: 'thinking', thinking: '', signature: '' }

/**
 * Writes one answer's events as a Messages stream: `message_start`, content blocks one after the other, then one
 * `message_delta` that is held until usage has come or the stream has ended, and `message_stop` last.
 */
export class MessagesStreamFormatter implements StreamFormatter {
  readonly #head: ReplyHead
  readonly #carrier: ReplyOptions['carrier']
  readonly #blocks = new BlockQueue()
  #isStarted = false
  #isEnded = false
  #isThinking = false
  #hasToolCalls = false
  #refusal: string | null = null
  #finish: Finish | null = null
  #usage: Usage | null = null
  #container: JsonRecord | null = null
  #extra: ReplyExtra | null = null

  constructor(head: ReplyHead, { carrier }: ReplyOptions) {
    this.#head = head
    this.#carrier = carrier
  }

  format(event: ReplyEvent): string {
    if (this.#isEnded) return ''
    switch (event.type) {
      case 'message-start':
        return this.#start()
      case 'usage-available':
        this.#usage = event.usage
        return this.#finish === null ? '' : this.end()
      case 'extra-available':
        this.#extra = event.extra
        return ''
      case 'container-available':
        this.#container = event.container
        return ''
      default:
        // The dialect has one choice.
        return event.choice === 0 ? this.#start() + this.#content(event) : ''
    }
  }

  /** The end of a complete answer; nothing when it has been told already. */
  end(): string {
    if (this.#isEnded) return ''
    const begun = this.#start() + this.#closeThinking() + this.#blocks.closeAll()
    this.#isEnded = true
    const signs = { hasToolCalls: this.#hasToolCalls, refusal: this.#refusal }
    const delta = {
      ...ownExtra(this.#extra),
      container: this.#container,
      ...formatStop(this.#finish, signs),
    }
    const event = { type: 'message_delta', delta, usage: formatFinalUsage(this.#usage ?? zeroUsage) }
    return `${begun}${formatEvent('message_delta', event)}${messageStop}`
  }

  #start(): string {
    if (this.#isStarted) return ''
    this.#isStarted = true
    const message = {
      ...formatHead(this.#head),
      content: [],
      stop_reason: null,
      stop_sequence: null,
      stop_details: null,
      usage: formatUsage(zeroUsage),
    }
    return formatEvent('message_start', { type: 'message_start', message })
  }

  #content(
    event: Exclude<
      ReplyEvent,
      { type: 'message-start' | 'usage-available' | 'extra-available' | 'container-available' }
    >,
  ): string {
    switch (event.type) {
      case 'text-delta':
        return event.text === '' ? '' : this.#text(textDelta(event.text))
      case 'reasoning-delta':
        return this.#thinking(event.text)
      case 'reasoning-signature':
        return this.#sign(event.signature)
      case 'reasoning-redacted':
        return this.#whole(formatRedacted(event.data, this.#carrier))
      case 'refusal-delta':
        this.#refusal = (this.#refusal ?? '') + event.text
        return event.text === '' ? '' : this.#text(textDelta(event.text))
      case 'citation':
        return this.#text(
          JSON.stringify({ type: 'citations_delta', citation: formatCitation(event.citation) }),
        )
      case 'image':
        return this.#whole(formatImage(event.image))
      case 'opaque':
        return this.#whole(formatOpaque(event.part))
      case 'tool-call-start':
        this.#hasToolCalls = true
        return (
          this.#closeThinking() + this.#blocks.startTool(event.index, formatToolStart(event.id, event.name))
        )
      case 'tool-call-delta':
        return this.#blocks.appendToTool(event.index, event.arguments)
      case 'tool-call-end':
        return this.#blocks.endTool(event.index)
      case 'block-end':
        return this.#closeThinking() + this.#blocks.closeLast()
      case 'finish':
        this.#finish = event.finish
        return this.#closeThinking() + this.#blocks.closeAll()
    }
  }

  /** Takes a delta as JSON. */
  #text(delta: string): string {
    return this.#closeThinking() + this.#blocks.append('text', emptyText, delta)
  }

  #thinking(text: string): string {
    if (text === '') return ''
    this.#isThinking = true
    const delta = `{"type":"thinking_delta","thinking":${JSON.stringify(text)}}`
    return this.#blocks.append('thinking', emptyThinking, delta)
  }

  /** The signature is the last delta of its block; a block may consist of it alone. */
  #sign(signature: string): string {
    this.#isThinking = false
    const delta = JSON.stringify({
      type: 'signature_delta',
      signature: formatSignature(signature, this.#carrier),
    })
    return this.#blocks.append('thinking', emptyThinking, delta) + this.#blocks.closeLast()
  }

  /** Thinking that ends unsigned. */
  #closeThinking(): string {
    return this.#isThinking ? this.#sign('') : ''
  }

  #whole(block: Block | null): string {
    return block === null ? '' : this.#closeThinking() + this.#blocks.addWhole(block)
  }
}

const messageStop = 'event: message_stop\ndata: {"type":"message_stop"}\n\n'

/** Nearly every event of a stream is one of these: only the text is serialised. */
function textDelta(text: string): string {
  return `{"type":"text_delta","text":${JSON.stringify(text)}}`
}

function formatEvent(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}
