import {
  type JsonRecord,
  parseJson,
  readNumber,
  readRecord,
  readString,
  readText,
} from '../../conversation/json-value.ts'
import type { Citation } from '../../conversation/part.ts'
import type { FinishReason } from '../../conversation/reply.ts'
import type { StreamEvent } from '../../conversation/stream-event.ts'
import { brokenStream } from '../malformed-answer.ts'
import type { StreamDecoder } from '../wire.ts'
import { decodeUsage } from './decode-usage.ts'
import { findFailure } from './find-failure.ts'

/** Decodes the events of a chat stream. */
export class CohereStreamDecoder implements StreamDecoder {
  /** Provider's index of a tool call → ours, which has no gaps. */
  readonly #calls = new Map<number, number>()
  #isFinished = false
  #hasFailed = false

  push({ data }: { readonly data: string }): StreamEvent[] {
    if (this.#hasFailed || data === '' || data.trim() === '[DONE]') return []
    const event = readRecord(parseJson(data))
    if (event === null)
      return this.#fail({ type: 'error', failure: brokenStream('an event is not a JSON object') })
    const failure = findFailure(event)
    return failure === null ? this.decodeEvent(event) : this.#fail({ type: 'error', failure })
  }

  decodeEvent(event: JsonRecord): StreamEvent[] {
    const delta = readRecord(event['delta']) ?? {}
    const message = readRecord(delta['message']) ?? {}
    const events: StreamEvent[] = []
    switch (event['type']) {
      case 'message-start':
        events.push({ type: 'message-start', id: readText(event['id']), model: null, created: null })
        break
      case 'content-start':
      case 'content-delta':
        pushContent(readRecord(message['content']) ?? {}, events)
        break
      case 'tool-plan-delta':
        pushReasoning(message['tool_plan'], events)
        break
      case 'content-end':
        events.push({ type: 'block-end', choice: 0 })
        break
      case 'citation-start':
        events.push({
          type: 'citation',
          choice: 0,
          citation: readCitation(readRecord(message['citations']) ?? {}),
        })
        break
      case 'message-end':
        this.#finish(delta, events)
        break
      default:
        this.#pushCall(event, readRecord(message['tool_calls']) ?? {}, events)
    }
    return events
  }

  end(): StreamEvent[] {
    if (this.#hasFailed || this.#isFinished) return []
    return this.#fail({ type: 'error', failure: brokenStream('it ended before the answer did') })
  }

  #pushCall(event: JsonRecord, call: JsonRecord, events: StreamEvent[]): void {
    const providerIndex = readNumber(event['index']) ?? 0
    const body = readRecord(call['function']) ?? {}
    if (event['type'] === 'tool-call-start') {
      const index = this.#calls.size
      this.#calls.set(providerIndex, index)
      const [id, name] = [readString(call['id']) ?? '', readString(body['name']) ?? '']
      events.push({ type: 'tool-call-start', choice: 0, index, id, name, kind: 'function' })
    }
    const index = this.#calls.get(providerIndex)
    if (index === undefined) return
    const text = readText(body['arguments'])
    if (text !== null) events.push({ type: 'tool-call-delta', choice: 0, index, arguments: text })
    if (event['type'] === 'tool-call-end') events.push({ type: 'tool-call-end', choice: 0, index })
  }

  #finish(delta: JsonRecord, events: StreamEvent[]): void {
    if (this.#isFinished) return
    this.#isFinished = true
    const providerReason = readText(delta['finish_reason'])
    const reason = finishReasons.get(providerReason ?? '') ?? 'stop'
    const { finish_reason: _, usage, error: __, ...members } = delta
    if (Object.keys(members).length > 0) {
      events.push({ type: 'extra-available', extra: { dialect: 'cohere-chat', members } })
    }
    events.push({ type: 'finish', choice: 0, finish: { reason, providerReason, stopSequence: null } })
    const counts = decodeUsage(usage)
    if (counts !== null) events.push({ type: 'usage-available', usage: counts })
  }

  #fail(event: StreamEvent): StreamEvent[] {
    this.#hasFailed = true
    return [event]
  }
}

function pushContent(content: JsonRecord, events: StreamEvent[]): void {
  pushReasoning(content['thinking'], events)
  const text = readText(content['text'])
  if (text !== null) events.push({ type: 'text-delta', choice: 0, text })
}

function pushReasoning(value: unknown, events: StreamEvent[]): void {
  const text = readText(value)
  if (text !== null) events.push({ type: 'reasoning-delta', choice: 0, text })
}

function readCitation(native: JsonRecord): Citation {
  return { url: null, title: null, citedText: readText(native['text']), native }
}

const finishReasons = new Map<string, FinishReason>(
  Object.entries({
    COMPLETE: 'stop',
    STOP_SEQUENCE: 'stop',
    MAX_TOKENS: 'length',
    TOOL_CALL: 'tool-calls',
    ERROR_TOXIC: 'content-filter',
  }),
)
