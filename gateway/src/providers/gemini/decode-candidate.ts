import { createHash } from 'node:crypto'
import {
  type JsonRecord,
  readRecord,
  readRecords,
  readString,
  readText,
} from '../../conversation/json-value.ts'
import type { StreamEvent } from '../../conversation/stream-event.ts'
import { joinThoughtCallId } from '../../conversation/thought-call-id.ts'
import { countSearches, decodeGrounding } from './decode-grounding.ts'
import { isBrokenCall, mapFinish } from './finish-reason.ts'

/** Members of a candidate that are decoded; every other one is kept. */
const understood = new Set(['index', 'content', 'finishReason', 'finishMessage', 'tokenCount'])

/** One alternative answer, as its pieces arrive. Pieces never mix kinds within a part, so every part is a block's piece. */
export class CandidateDecoder {
  readonly #choice: number
  #calls = 0
  /** Set once the provider gave a reason; a later one replaces it until the stream ends. */
  finishReason: string | null = null
  #finishMessage: string | null = null
  /** Cumulative: a later one holds what the earlier ones had. */
  #grounding: JsonRecord | null = null
  /** What this decoder has no event for, of the latest piece that had it. */
  readonly extra: Record<string, unknown> = {}

  constructor(choice: number) {
    this.#choice = choice
  }

  get searches(): number {
    return this.#grounding === null ? 0 : countSearches(this.#grounding)
  }

  push(candidate: JsonRecord, replyId: string, events: StreamEvent[]): void {
    for (const part of readRecords(readRecord(candidate['content'])?.['parts']))
      this.#part(part, replyId, events)
    for (const name in candidate) if (!understood.has(name)) this.extra[name] = candidate[name]
    this.#grounding = readRecord(candidate['groundingMetadata']) ?? this.#grounding
    this.finishReason = readText(candidate['finishReason']) ?? this.finishReason
    this.#finishMessage = readText(candidate['finishMessage']) ?? this.#finishMessage
  }

  /** The provider's last word on this answer. */
  end(events: StreamEvent[]): void {
    const choice = this.#choice
    const word = this.finishReason ?? 'STOP'
    const finish = mapFinish(word, this.#calls > 0)
    const message = this.#finishMessage
    const citations = this.#grounding === null ? [] : decodeGrounding(this.#grounding)
    for (const citation of citations) events.push({ type: 'citation', choice, citation })
    if (finish.reason === 'content-filter' && message !== null)
      events.push({ type: 'refusal-delta', choice, text: message })
    else if (isBrokenCall(word) && message !== null) this.extra['finishMessage'] = message
    events.push({ type: 'finish', choice, finish })
  }

  #part(part: JsonRecord, replyId: string, events: StreamEvent[]): void {
    const choice = this.#choice
    const text = readString(part['text'])
    const signature = readText(part['thoughtSignature'])
    if (text !== null) {
      const isThought = part['thought'] === true
      if (text !== '') events.push({ type: isThought ? 'reasoning-delta' : 'text-delta', choice, text })
      // Beside other text a signature only helps, and no other dialect has a place for it there.
      if (isThought && signature !== null) events.push({ type: 'reasoning-signature', choice, signature })
      return
    }
    const call = readRecord(part['functionCall'])
    if (call !== null) this.#call(call, signature, replyId, events)
    else this.#other(part, events)
  }

  #other(part: JsonRecord, events: StreamEvent[]): void {
    const choice = this.#choice
    const media = readRecord(part['inlineData'])
    const mediaType = readText(media?.['mimeType'])
    const data = readText(media?.['data'])
    if (mediaType?.startsWith('image/') && data !== null) {
      events.push({
        type: 'image',
        choice,
        image: { type: 'image', source: { kind: 'base64', mediaType, data } },
      })
    } else {
      events.push({
        type: 'opaque',
        choice,
        part: { type: 'opaque', dialect: 'google-generate', value: part },
      })
    }
  }

  /** A call arrives whole. Models without ids of their own get one that no other answer has. */
  #call(call: JsonRecord, signature: string | null, replyId: string, events: StreamEvent[]): void {
    const choice = this.#choice
    const index = this.#calls++
    const name = readString(call['name']) ?? ''
    const args = readRecord(call['args'])
    const own = readText(call['id']) ?? mintCallId(replyId, call, `${choice}_${index}`)
    const id = joinThoughtCallId(own, signature)
    events.push({ type: 'tool-call-start', choice, index, id, name, kind: 'function' })
    if (args !== null && Object.keys(args).length > 0)
      events.push({ type: 'tool-call-delta', choice, index, arguments: JSON.stringify(args) })
    events.push({ type: 'tool-call-end', choice, index })
  }
}

/** From the id of the answer, which is the provider's; from the call itself where an answer has none. */
function mintCallId(replyId: string, call: JsonRecord, position: string): string {
  const unique = replyId.replaceAll(/[^A-Za-z0-9]/g, '').slice(-24)
  const digest =
    unique === '' ? createHash('sha256').update(JSON.stringify(call)).digest('hex').slice(0, 24) : unique
  return `call_${digest}_${position}`
}
