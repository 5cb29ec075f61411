import {
  type JsonRecord,
  parseJson,
  readNumber,
  readRecord,
  readText,
} from '../../conversation/json-value.ts'
import type { Finish, FinishReason } from '../../conversation/reply.ts'
import type { StreamEvent } from '../../conversation/stream-event.ts'
import { brokenStream } from '../malformed-answer.ts'
import type { StreamDecoder } from '../wire.ts'
import { type BlockDecoder, beginBlock } from './decode-block.ts'
import { findFailure } from './decode-error.ts'
import { decodeUsage } from './decode-usage.ts'

/** Members of a message that are decoded; every other one is kept. */
const understood = new Set([
  'id',
  'type',
  'role',
  'container',
  'content',
  'model',
  'stop_reason',
  'stop_sequence',
  'stop_details',
  'usage',
])

/** Characters of thinking to one token, for providers that do not count it. */
const charactersPerToken = 4

/** Decodes the events of a Messages stream. Events and blocks of unknown type never break it. */
export class MessagesStreamDecoder implements StreamDecoder {
  readonly #blocks = new Map<number, BlockDecoder>()
  readonly #extra: Record<string, unknown> = {}
  #usage: Record<string, unknown> = {}
  #container = ''
  #toolCalls = 0
  #thinkingLength = 0
  #isFinished = false
  #hasFailed = false

  push({ data }: { readonly data: string }): StreamEvent[] {
    if (this.#hasFailed || data === '') return []
    const event = readRecord(parseJson(data))
    if (event === null)
      return this.#fail({ type: 'error', failure: brokenStream('an event is not a JSON object') })
    const failure = findFailure(event)
    return failure === null ? this.decodeEvent(event) : this.#fail({ type: 'error', failure })
  }

  decodeEvent(event: JsonRecord): StreamEvent[] {
    const events: StreamEvent[] = []
    const index = readNumber(event['index']) ?? 0
    switch (event['type']) {
      case 'message_start':
        this.#start(readRecord(event['message']) ?? {}, events)
        break
      case 'content_block_start':
        this.#startBlock(index, readRecord(event['content_block']) ?? {}, events)
        break
      case 'content_block_delta':
        this.#blocks.get(index)?.delta(readRecord(event['delta']) ?? {}, events)
        break
      case 'content_block_stop':
        this.#blocks.get(index)?.stop(events)
        this.#blocks.delete(index)
        break
      case 'message_delta':
        this.#finish(readRecord(event['delta']) ?? {}, readRecord(event['usage']), events)
        break
    }
    for (const emitted of events)
      if (emitted.type === 'reasoning-delta') this.#thinkingLength += emitted.text.length
    return events
  }

  end(): StreamEvent[] {
    if (this.#hasFailed || this.#isFinished) return []
    return this.#fail({ type: 'error', failure: brokenStream('it ended before the answer did') })
  }

  #start(message: JsonRecord, events: StreamEvent[]): void {
    this.#keepExtra(message)
    events.push({
      type: 'message-start',
      id: readText(message['id']),
      model: readText(message['model']),
      created: null,
    })
    this.#pushContainer(message, events)
    this.#pushUsage(readRecord(message['usage']), events)
  }

  #startBlock(index: number, block: JsonRecord, events: StreamEvent[]): void {
    this.#blocks.set(index, beginBlock(block, this.#toolCalls, events))
    if (block['type'] === 'tool_use') this.#toolCalls++
  }

  #finish(delta: JsonRecord, usage: JsonRecord | null, events: StreamEvent[]): void {
    this.#keepExtra(delta)
    this.#pushContainer(delta, events)
    const reason = readText(delta['stop_reason'])
    if (reason !== null && !this.#isFinished) {
      this.#isFinished = true
      const explanation = readText(readRecord(delta['stop_details'])?.['explanation'])
      if (explanation !== null) events.push({ type: 'refusal-delta', choice: 0, text: explanation })
      if (Object.keys(this.#extra).length > 0) {
        events.push({
          type: 'extra-available',
          extra: { dialect: 'anthropic-messages', members: this.#extra },
        })
      }
      events.push({ type: 'finish', choice: 0, finish: mapFinish(reason, readText(delta['stop_sequence'])) })
    }
    this.#pushUsage(usage, events)
  }

  /** A stream may tell it twice. */
  #pushContainer(source: JsonRecord, events: StreamEvent[]): void {
    const container = readRecord(source['container'])
    const text = JSON.stringify(container)
    if (container === null || text === this.#container) return
    this.#container = text
    events.push({ type: 'container-available', container })
  }

  /** Counts are cumulative: a later one replaces an earlier one, a null says nothing. */
  #pushUsage(usage: JsonRecord | null, events: StreamEvent[]): void {
    for (const name in usage) if (usage[name] !== null) this.#usage[name] = usage[name]
    const decoded = usage === null ? null : decodeUsage(this.#usage)
    if (decoded === null) return
    const isCounted = readRecord(this.#usage['output_tokens_details']) !== null
    const estimate = Math.min(decoded.outputTokens, Math.ceil(this.#thinkingLength / charactersPerToken))
    events.push({
      type: 'usage-available',
      usage: isCounted ? decoded : { ...decoded, reasoningTokens: estimate },
    })
  }

  #keepExtra(source: JsonRecord): void {
    for (const name in source) {
      if (!understood.has(name) && source[name] !== null) this.#extra[name] = source[name]
    }
  }

  #fail(event: StreamEvent): StreamEvent[] {
    this.#hasFailed = true
    return [event]
  }
}

const finishReasons = new Map<string, FinishReason>(
  Object.entries({
    end_turn: 'stop',
    stop_sequence: 'stop',
    max_tokens: 'length',
    model_context_window_exceeded: 'length',
    tool_use: 'tool-calls',
    refusal: 'content-filter',
    pause_turn: 'pause',
  }),
)

function mapFinish(providerReason: string, stopSequence: string | null): Finish {
  return { reason: finishReasons.get(providerReason) ?? 'stop', providerReason, stopSequence }
}
