import {
  type JsonRecord,
  parseJson,
  readNumber,
  readRecord,
  readRecords,
  readString,
  readText,
} from '../../../conversation/json-value.ts'
import type { Finish, FinishReason } from '../../../conversation/reply.ts'
import { withServiceTier } from '../../../conversation/service-tier.ts'
import type { StreamEvent } from '../../../conversation/stream-event.ts'
import { brokenStream } from '../../malformed-answer.ts'
import type { StreamDecoder } from '../../wire.ts'
import { decodeUsage } from '../decode-usage.ts'
import { ItemDecoder } from './decode-item.ts'
import { findFailure } from './find-failure.ts'

/** Members of a response that are decoded, or that repeat the request. */
const understood = new Set(
  (
    'id object created_at completed_at status background error incomplete_details instructions max_output_tokens ' +
    'max_tool_calls model output output_text parallel_tool_calls previous_response_id prompt prompt_cache_key ' +
    'prompt_cache_retention reasoning safety_identifier service_tier store temperature text tool_choice tools ' +
    'top_logprobs top_p truncation usage user metadata conversation billing content_filters frequency_penalty ' +
    'presence_penalty moderation prompt_cache_options'
  ).split(' '),
)

/** Decodes the events of a response (OpenAI API reference, "Streaming events" of Responses). */
export class ResponsesStreamDecoder implements StreamDecoder {
  readonly #items = new ItemDecoder()
  #isStarted = false
  #isEnded = false
  #hasFailed = false

  push({ data }: { readonly data: string }): StreamEvent[] {
    if (this.#isEnded || this.#hasFailed || data === '' || data.trim() === '[DONE]') return []
    const event = readRecord(parseJson(data))
    if (event === null)
      return this.#fail({ type: 'error', failure: brokenStream('an event is not a JSON object') })
    const failure = findFailure(event)
    if (failure !== null) return this.#fail({ type: 'error', failure })
    const events: StreamEvent[] = []
    this.#decode(readString(event['type']) ?? '', event, events)
    return events
  }

  /** A whole response as the events it amounts to. */
  decodeResponse(response: JsonRecord): StreamEvent[] {
    const events: StreamEvent[] = []
    this.#start(response, events)
    readRecords(response['output']).forEach((item, index) => {
      this.#items.whole(index, item, events)
    })
    this.#end(response, events)
    return events
  }

  end(): StreamEvent[] {
    if (this.#isEnded || this.#hasFailed) return []
    return this.#fail({ type: 'error', failure: brokenStream('it ended before the answer did') })
  }

  #decode(type: string, event: JsonRecord, events: StreamEvent[]): void {
    const place = event['output_index']
    const item = readRecord(event['item'])
    switch (type) {
      case 'response.created':
      case 'response.in_progress':
      case 'response.queued':
        this.#start(readRecord(event['response']) ?? {}, events)
        return
      case 'response.output_item.added':
        if (item !== null) this.#items.added(place, item, events)
        return
      case 'response.output_item.done':
        if (item !== null) this.#items.done(place, item, events)
        return
      case 'response.content_part.done':
        if (readRecord(event['part'])?.['type'] !== 'reasoning_text')
          events.push({ type: 'block-end', choice: 0 })
        return
      case 'response.reasoning_summary_part.added':
        this.#items.summaryPart(place, events)
        return
      case 'response.output_text.annotation.added':
        this.#items.annotation(readRecord(event['annotation']), events)
        return
      case 'response.completed':
      case 'response.incomplete':
      case 'response.cancelled':
        this.#end(readRecord(event['response']) ?? {}, events)
        return
      default:
        this.#items.delta(type, place, readString(event['delta']) ?? '', events)
    }
  }

  #start(response: JsonRecord, events: StreamEvent[]): void {
    if (this.#isStarted) return
    this.#isStarted = true
    const [id, model] = [readText(response['id']), readText(response['model'])]
    events.push({ type: 'message-start', id, model, created: readNumber(response['created_at']) })
  }

  #end(response: JsonRecord, events: StreamEvent[]): void {
    this.#isEnded = true
    events.push({ type: 'finish', choice: 0, finish: this.#finishOf(response) })
    const members: Record<string, unknown> = {}
    for (const name in response)
      if (!understood.has(name) && response[name] !== null) members[name] = response[name]
    if (Object.keys(members).length > 0)
      events.push({ type: 'extra-available', extra: { dialect: 'openai-responses', members } })
    const usage = decodeUsage(response['usage'])
    if (usage === null) return
    const searchCalls = usage.searchCalls + this.#items.searchCalls
    const counted = withServiceTier({ ...usage, searchCalls }, response['service_tier'])
    events.push({ type: 'usage-available', usage: counted })
  }

  #finishOf(response: JsonRecord): Finish {
    const providerReason =
      readText(readRecord(response['incomplete_details'])?.['reason']) ?? readText(response['status'])
    const known = finishReasons.get(providerReason ?? '')
    const reason =
      known ?? (this.#items.hasRefusal ? 'content-filter' : this.#items.hasCalls ? 'tool-calls' : 'stop')
    return { reason, providerReason, stopSequence: null }
  }

  #fail(event: StreamEvent): StreamEvent[] {
    this.#hasFailed = true
    return [event]
  }
}

const finishReasons = new Map<string, FinishReason>([
  ['max_output_tokens', 'length'],
  ['content_filter', 'content-filter'],
])
