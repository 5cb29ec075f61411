import {
  type JsonRecord,
  readNumber,
  readRecord,
  readRecords,
  readText,
} from '../../conversation/json-value.ts'
import type { Finish, FinishReason } from '../../conversation/reply.ts'
import type { StreamEvent } from '../../conversation/stream-event.ts'
import { ToolCallAssembler } from './assemble-tool-calls.ts'

/** Decodes the deltas of one choice; a whole message is one big delta. */
export class ChoiceDecoder {
  readonly #choice: number
  readonly #calls: ToolCallAssembler
  #isFinished = false

  constructor(choice: number) {
    this.#choice = choice
    this.#calls = new ToolCallAssembler(choice)
  }

  get isFinished(): boolean {
    return this.#isFinished
  }

  push(choice: JsonRecord, delta: JsonRecord, replyId: string | null, events: StreamEvent[]): void {
    this.#pushReasoning(delta, events)
    this.#pushContent(delta['content'], events)
    const refusal = readText(delta['refusal'])
    if (refusal !== null) events.push({ type: 'refusal-delta', choice: this.#choice, text: refusal })
    this.#pushAttachments(choice, delta, events)
    for (const call of readRecords(delta['tool_calls'])) this.#calls.push(call, replyId, events)
    const legacyCall = readRecord(delta['function_call'])
    if (legacyCall !== null) this.#calls.push({ index: 0, function: legacyCall }, replyId, events)
    const reason = readText(choice['finish_reason'])
    if (reason !== null) this.finish(reason, events)
  }

  finish(providerReason: string | null, events: StreamEvent[]): void {
    if (this.#isFinished) return
    this.#isFinished = true
    this.#calls.end(events)
    events.push({
      type: 'finish',
      choice: this.#choice,
      finish: mapFinish(providerReason, this.#calls.hasCalls),
    })
  }

  #pushReasoning(delta: JsonRecord, events: StreamEvent[]): void {
    const choice = this.#choice
    const blocks = readRecords(delta['thinking_blocks'])
    for (const block of blocks) {
      const text = readText(block['thinking'])
      const signature = readText(block['signature'])
      const data = readText(block['data'])
      if (text !== null) events.push({ type: 'reasoning-delta', choice, text })
      if (signature !== null) events.push({ type: 'reasoning-signature', choice, signature })
      if (data !== null) events.push({ type: 'reasoning-redacted', choice, data })
    }
    if (blocks.length > 0) return
    const text = readText(delta['reasoning_content']) ?? readText(delta['reasoning'])
    if (text !== null) events.push({ type: 'reasoning-delta', choice, text })
  }

  /** Text, or the list of parts some vendors send: `text`, and `thinking` or `summary` with parts of its own. */
  #pushContent(content: unknown, events: StreamEvent[]): void {
    const choice = this.#choice
    const text = readText(content)
    if (text !== null) events.push({ type: 'text-delta', choice, text })
    for (const part of readRecords(content)) {
      const partText = readText(part['text'])
      if (partText !== null) events.push({ type: 'text-delta', choice, text: partText })
      for (const thought of readRecords(part['thinking'] ?? part['summary'])) {
        const thoughtText = readText(thought['text'])
        const signature = readText(thought['signature'])
        if (thoughtText !== null) events.push({ type: 'reasoning-delta', choice, text: thoughtText })
        if (signature !== null) events.push({ type: 'reasoning-signature', choice, signature })
      }
    }
  }

  #pushAttachments(whole: JsonRecord, delta: JsonRecord, events: StreamEvent[]): void {
    const choice = this.#choice
    for (const annotation of readRecords(delta['annotations'])) {
      const source = readRecord(annotation['url_citation']) ?? annotation
      const [url, title] = [readText(source['url']), readText(source['title'])]
      const citation = { url, title, citedText: readText(source['content']), native: annotation }
      events.push({ type: 'citation', choice, citation })
    }
    for (const image of readRecords(delta['images'])) {
      const url = readText(readRecord(image['image_url'])?.['url'])
      if (url !== null)
        events.push({ type: 'image', choice, image: { type: 'image', source: { kind: 'url', url } } })
    }
    for (const [name, value] of [
      ['audio', delta['audio']],
      ['logprobs', whole['logprobs']],
    ] as const) {
      if (readRecord(value) === null) continue
      events.push({
        type: 'opaque',
        choice,
        part: { type: 'opaque', dialect: 'openai-chat', value: { [name]: value } },
      })
    }
  }
}

const finishReasons = new Map<string, FinishReason>(
  Object.entries({
    stop: 'stop',
    length: 'length',
    max_tokens: 'length',
    model_length: 'length',
    tool_calls: 'tool-calls',
    function_call: 'tool-calls',
    content_filter: 'content-filter',
  }),
)

function mapFinish(providerReason: string | null, hasCalls: boolean): Finish {
  const reason = finishReasons.get(providerReason ?? 'stop') ?? 'stop'
  return { reason: reason === 'stop' && hasCalls ? 'tool-calls' : reason, providerReason, stopSequence: null }
}

/** The index of a choice, 0 when a vendor leaves it out. */
export function choiceIndex(choice: JsonRecord): number {
  return readNumber(choice['index']) ?? 0
}
