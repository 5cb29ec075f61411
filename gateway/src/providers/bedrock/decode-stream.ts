import {
  type JsonRecord,
  parseJson,
  readNumber,
  readRecord,
  readString,
  readText,
} from '../../conversation/json-value.ts'
import type { FinishReason } from '../../conversation/reply.ts'
import { withServiceTier } from '../../conversation/service-tier.ts'
import type { StreamEvent } from '../../conversation/stream-event.ts'
import { brokenStream } from '../malformed-answer.ts'
import type { StreamDecoder } from '../wire.ts'
import { BlockDecoder } from './decode-block.ts'
import { decodeException } from './decode-error.ts'
import { decodeUsage } from './decode-usage.ts'

const eventNames = new Set([
  ...[
    'messageStart',
    'contentBlockStart',
    'contentBlockDelta',
    'contentBlockStop',
    'messageStop',
    'metadata',
  ],
])

/** Decodes the events of `converse-stream`. */
export class ConverseStreamDecoder implements StreamDecoder {
  readonly #blocks = new Map<number, BlockDecoder>()
  readonly #extra: Record<string, unknown> = {}
  #toolCalls = 0
  #isStarted = false
  #isFinished = false
  #hasFailed = false

  push({ event, data }: { readonly event: string | null; readonly data: string }): StreamEvent[] {
    if (this.#hasFailed) return []
    const name = event ?? ''
    if (/(?:Exception|Error)$/.test(name))
      return this.#fail({ type: 'error', failure: decodeException(name, data) })
    if (!eventNames.has(name)) return []
    const payload = readRecord(parseJson(data))
    if (payload !== null) return this.decodeEvent(name, payload)
    return this.#fail({ type: 'error', failure: brokenStream('an event is not a JSON object') })
  }

  decodeEvent(name: string, payload: JsonRecord): StreamEvent[] {
    const events: StreamEvent[] = []
    if (!this.#isStarted) events.push({ type: 'message-start', id: null, model: null, created: null })
    this.#isStarted = true
    const index = readNumber(payload['contentBlockIndex']) ?? 0
    switch (name) {
      case 'contentBlockStart':
        this.#startBlock(index, readRecord(payload['start']) ?? {}, events)
        break
      case 'contentBlockDelta':
        this.#block(index).delta(readRecord(payload['delta']) ?? {}, events)
        break
      case 'contentBlockStop':
        this.#block(index).stop(events)
        this.#blocks.delete(index)
        break
      case 'messageStop':
        this.#finish(payload, events)
        break
      case 'metadata':
        this.#readMetadata(payload, events)
    }
    return events
  }

  end(): StreamEvent[] {
    if (this.#hasFailed || this.#isFinished) return []
    return this.#fail({ type: 'error', failure: brokenStream('it ended before the answer did') })
  }

  /** Only tool calls announce themselves; a block of any other kind is open from its first delta. */
  #startBlock(index: number, start: JsonRecord, events: StreamEvent[]): void {
    const call = readRecord(start['toolUse'])
    if (call === null) return
    const toolIndex = this.#toolCalls++
    this.#blocks.set(index, new BlockDecoder(toolIndex))
    const [id, name] = [readString(call['toolUseId']) ?? '', readString(call['name']) ?? '']
    events.push({ type: 'tool-call-start', choice: 0, index: toolIndex, id, name, kind: 'function' })
  }

  #block(index: number): BlockDecoder {
    let block = this.#blocks.get(index)
    if (block === undefined) {
      block = new BlockDecoder(null)
      this.#blocks.set(index, block)
    }
    return block
  }

  #finish(payload: JsonRecord, events: StreamEvent[]): void {
    if (this.#isFinished) return
    this.#isFinished = true
    const providerReason = readText(payload['stopReason'])
    const fields = readRecord(payload['additionalModelResponseFields'])
    if (fields !== null) this.#keep({ additionalModelResponseFields: fields }, events)
    const reason = finishReasons.get(providerReason ?? '') ?? 'stop'
    const stopSequence = readText(fields?.['stop_sequence'])
    events.push({ type: 'finish', choice: 0, finish: { reason, providerReason, stopSequence } })
  }

  #readMetadata({ usage, metrics: _, ...rest }: JsonRecord, events: StreamEvent[]): void {
    if (Object.keys(rest).length > 0) this.#keep(rest, events)
    const counts = decodeUsage(usage)
    if (counts === null) return
    const tier = readRecord(rest['serviceTier'])?.['type']
    events.push({ type: 'usage-available', usage: withServiceTier(counts, tier) })
  }

  #keep(members: JsonRecord, events: StreamEvent[]): void {
    Object.assign(this.#extra, members)
    events.push({
      type: 'extra-available',
      extra: { dialect: 'bedrock-converse', members: { ...this.#extra } },
    })
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
    guardrail_intervened: 'content-filter',
    content_filtered: 'content-filter',
  }),
)
