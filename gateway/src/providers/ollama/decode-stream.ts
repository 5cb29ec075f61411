import {
  type JsonRecord,
  parseJson,
  readRecord,
  readRecords,
  readText,
} from '../../conversation/json-value.ts'
import type { FinishReason } from '../../conversation/reply.ts'
import type { StreamEvent } from '../../conversation/stream-event.ts'
import { findFailure } from '../decode-error.ts'
import { brokenStream } from '../malformed-answer.ts'
import type { StreamDecoder } from '../wire.ts'
import { decodeUsage } from './decode-usage.ts'

/** Members that are decoded; every other one is kept. */
const understood = new Set(
  'model created_at message done done_reason prompt_eval_count eval_count'.split(' '),
)

/** Decodes the lines of a chat answer; a whole answer is one line that is also the last. */
export class OllamaStreamDecoder implements StreamDecoder {
  #calls = 0
  #startedAt: string | null = null
  #isDone = false
  #hasFailed = false

  push({ data }: { readonly data: string }): StreamEvent[] {
    if (this.#hasFailed || this.#isDone) return []
    const chunk = readRecord(parseJson(data))
    if (chunk === null)
      return this.#fail({ type: 'error', failure: brokenStream('a line is not a JSON object') })
    const failure = findFailure(chunk)
    return failure === null ? this.decodeChunk(chunk) : this.#fail({ type: 'error', failure })
  }

  decodeChunk(chunk: JsonRecord): StreamEvent[] {
    const events: StreamEvent[] = []
    this.#start(chunk, events)
    const message = readRecord(chunk['message']) ?? {}
    const thinking = readText(message['thinking'])
    if (thinking !== null) events.push({ type: 'reasoning-delta', choice: 0, text: thinking })
    const content = readText(message['content'])
    if (content !== null) events.push({ type: 'text-delta', choice: 0, text: content })
    for (const call of readRecords(message['tool_calls'])) this.#pushCall(call, events)
    if (chunk['done'] === true) this.#finish(chunk, events)
    return events
  }

  end(): StreamEvent[] {
    if (this.#hasFailed || this.#isDone) return []
    return this.#fail({ type: 'error', failure: brokenStream('it ended before the answer did') })
  }

  #start(chunk: JsonRecord, events: StreamEvent[]): void {
    if (this.#startedAt !== null) return
    this.#startedAt = readText(chunk['created_at']) ?? ''
    const seconds = Math.floor(Date.parse(this.#startedAt) / 1000)
    const created = Number.isNaN(seconds) ? null : seconds
    events.push({ type: 'message-start', id: null, model: readText(chunk['model']), created })
  }

  /** Calls arrive whole. Most versions give them no id; the moment of the answer, in nanoseconds, makes one. */
  #pushCall(call: JsonRecord, events: StreamEvent[]): void {
    const index = this.#calls++
    const body = readRecord(call['function']) ?? {}
    const moment = (this.#startedAt ?? '').replaceAll(/\D/g, '')
    const id = readText(call['id']) ?? `call_${moment}_${index}`
    const name = readText(body['name']) ?? ''
    events.push({ type: 'tool-call-start', choice: 0, index, id, name, kind: 'function' })
    const given = body['arguments'] ?? {}
    const text = typeof given === 'string' ? given : JSON.stringify(given)
    events.push({ type: 'tool-call-delta', choice: 0, index, arguments: text })
    events.push({ type: 'tool-call-end', choice: 0, index })
  }

  #finish(chunk: JsonRecord, events: StreamEvent[]): void {
    this.#isDone = true
    const members: Record<string, unknown> = {}
    for (const name in chunk) if (!understood.has(name)) members[name] = chunk[name]
    if (Object.keys(members).length > 0) {
      events.push({ type: 'extra-available', extra: { dialect: 'ollama-chat', members } })
    }
    const providerReason = readText(chunk['done_reason'])
    const known: FinishReason = providerReason === 'length' ? 'length' : 'stop'
    const reason = known === 'stop' && this.#calls > 0 ? 'tool-calls' : known
    events.push({ type: 'finish', choice: 0, finish: { reason, providerReason, stopSequence: null } })
    const usage = decodeUsage(chunk)
    if (usage !== null) events.push({ type: 'usage-available', usage })
  }

  #fail(event: StreamEvent): StreamEvent[] {
    this.#hasFailed = true
    return [event]
  }
}
