import {
  type JsonRecord,
  parseJson,
  readNumber,
  readRecord,
  readRecords,
  readText,
} from '../../conversation/json-value.ts'
import { withServiceTier } from '../../conversation/service-tier.ts'
import type { StreamEvent } from '../../conversation/stream-event.ts'
import { findFailure } from '../decode-error.ts'
import { brokenStream } from '../malformed-answer.ts'
import type { StreamDecoder } from '../wire.ts'
import { ChoiceDecoder, choiceIndex } from './decode-choice.ts'
import { decodeUsage } from './decode-usage.ts'
import { RepeatedChunk } from './repeated-chunk.ts'

/** Members that are decoded, or that mean nothing outside one chunk; every other one is kept. */
const understood = new Set(['id', 'object', 'created', 'model', 'choices', 'usage', 'x_groq', 'obfuscation'])

/** How many patterns in a row may turn out useless before no more are made. */
const maxUselessPatterns = 4

/** Decodes chat completion chunks, and whole completions as one chunk whose deltas are messages. */
export class ChatStreamDecoder implements StreamDecoder {
  readonly #choices = new Map<number, ChoiceDecoder>()
  readonly #extra: Record<string, unknown> = {}
  #replyId: string | null = null
  #isStarted = false
  #isDone = false
  #hasFailed = false
  #pattern: RepeatedChunk | null = null
  #uselessPatterns = 0

  push({ data }: { readonly data: string }): StreamEvent[] {
    if (this.#isDone || this.#hasFailed || data === '') return []
    const repeated = this.#pattern?.decode(data) ?? null
    if (repeated !== null) {
      this.#uselessPatterns = 0
      return [repeated]
    }
    if (data.trim() === '[DONE]') {
      this.#isDone = true
      return []
    }
    const chunk = readRecord(parseJson(data))
    if (chunk === null)
      return this.#fail({ type: 'error', failure: brokenStream('an event is not a JSON object') })
    const failure = findFailure(chunk)
    if (failure !== null) return this.#fail({ type: 'error', failure })
    const events = this.decodeChunk(chunk)
    this.#takePattern(data, events)
    return events
  }

  /** The events of one chunk; also takes a whole completion. */
  decodeChunk(chunk: JsonRecord): StreamEvent[] {
    const events: StreamEvent[] = []
    const choices = readRecords(chunk['choices'])
    if (choices.length > 0) this.#start(chunk, events)
    for (const choice of choices) {
      const delta = readRecord(choice['delta']) ?? readRecord(choice['message']) ?? {}
      this.#choice(choiceIndex(choice)).push(choice, delta, this.#replyId, events)
    }
    const usage = decodeUsage(chunk['usage'] ?? readRecord(chunk['x_groq'])?.['usage'])
    if (usage !== null)
      events.push({ type: 'usage-available', usage: withServiceTier(usage, chunk['service_tier']) })
    for (const name in chunk) {
      if (!understood.has(name) && chunk[name] !== null) this.#extra[name] = chunk[name]
    }
    return events
  }

  /** A stream without `[DONE]` is complete when every choice has said why it ended. */
  end(): StreamEvent[] {
    if (this.#hasFailed) return []
    const events: StreamEvent[] = []
    const choices = [...this.#choices.values()]
    const isComplete = choices.length > 0 && (this.#isDone || choices.every((choice) => choice.isFinished))
    if (!isComplete)
      return this.#fail({ type: 'error', failure: brokenStream('it ended before the answer did') })
    for (const choice of choices) choice.finish(null, events)
    if (Object.keys(this.#extra).length > 0) {
      events.push({ type: 'extra-available', extra: { dialect: 'openai-chat', members: this.#extra } })
    }
    return events
  }

  #takePattern(data: string, events: readonly StreamEvent[]): void {
    const event = events[0]
    if (events.length !== 1 || event?.type !== 'text-delta') return
    if (this.#uselessPatterns === maxUselessPatterns) return
    this.#uselessPatterns += 1
    this.#pattern = RepeatedChunk.of(data, event)
  }

  #start(chunk: JsonRecord, events: StreamEvent[]): void {
    if (this.#isStarted) return
    this.#isStarted = true
    this.#replyId = readText(chunk['id'])
    const model = readText(chunk['model'])
    events.push({ type: 'message-start', id: this.#replyId, model, created: readNumber(chunk['created']) })
  }

  #choice(index: number): ChoiceDecoder {
    let choice = this.#choices.get(index)
    if (choice === undefined) {
      choice = new ChoiceDecoder(index)
      this.#choices.set(index, choice)
    }
    return choice
  }

  #fail(event: StreamEvent): StreamEvent[] {
    this.#hasFailed = true
    return [event]
  }
}
