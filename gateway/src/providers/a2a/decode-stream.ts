import {
  type JsonRecord,
  parseJson,
  readRecord,
  readRecords,
  readString,
} from '../../conversation/json-value.ts'
import type { StreamEvent } from '../../conversation/stream-event.ts'
import { readReportedUsage } from '../../conversation/token-counts.ts'
import { zeroUsage } from '../../conversation/usage.ts'
import { brokenStream } from '../malformed-answer.ts'
import type { ReplyContext } from '../reply-context.ts'
import type { StreamDecoder } from '../wire.ts'
import { findFailure } from './find-failure.ts'
import { readParts } from './read-parts.ts'

const charactersPerToken = 4

/** States in which an agent has said what it has to say. */
const finalStates = new Set([
  ...['TASK_STATE_COMPLETED', 'TASK_STATE_INPUT_REQUIRED', 'TASK_STATE_AUTH_REQUIRED'],
])

/**
 * The events of a task as an answer: artifacts are its text, what the agent says on the way is its thinking, and what it
 * asks for ends it like any answer.
 */
export class AgentStreamDecoder implements StreamDecoder {
  /** What was told of each artifact, by its id. */
  readonly #told = new Map<string, string>()
  readonly #promptLength: number
  #textLength = 0
  #hasBegun = false
  #isCounted = false
  #isOver = false

  constructor({ promptLength = 0 }: ReplyContext) {
    this.#promptLength = promptLength
  }

  push({ data }: { readonly data: string }): StreamEvent[] {
    if (this.#isOver || data === '') return []
    const event = readRecord(parseJson(data))
    return event === null ? this.#fail('an event is not a JSON object') : this.decodeEvent(event)
  }

  decodeEvent(event: JsonRecord): StreamEvent[] {
    const failure = findFailure(event)
    if (failure !== null) {
      this.#isOver = true
      return [{ type: 'error', failure }]
    }
    const events: StreamEvent[] = []
    if (!this.#hasBegun) events.push({ type: 'message-start', id: null, model: null, created: null })
    this.#hasBegun = true
    const [name, about] = openEvent(event)
    if (about === null) return this.#fail('an event is no task, message or update')
    const usage = readReportedUsage(about)
    if (usage !== null) events.push({ type: 'usage-available', usage })
    this.#isCounted ||= usage !== null
    this.#decode(name, about, events)
    return events
  }

  end(): StreamEvent[] {
    return this.#isOver ? [] : this.#fail('it ended before the task did')
  }

  #decode(name: string, about: JsonRecord, events: StreamEvent[]): void {
    if (name === 'message') {
      this.#tell(readParts(about['parts']), events)
      this.#finish('message', events)
      return
    }
    for (const artifact of readRecords(about['artifacts'])) this.#tellArtifact(artifact, false, events)
    const artifact = readRecord(about['artifact'])
    if (artifact !== null) this.#tellArtifact(artifact, about['append'] === true, events)
    const status = readRecord(about['status'])
    if (status !== null) this.#decodeStatus(status, events)
  }

  /** An artifact comes in pieces, or whole once more; what was told already is not told again. */
  #tellArtifact(artifact: JsonRecord, isAppended: boolean, events: StreamEvent[]): void {
    const id = readString(artifact['artifactId']) ?? ''
    const text = readParts(artifact['parts'])
    const told = this.#told.get(id)
    if (isAppended || told === undefined) {
      if (told === undefined) this.#separate(text, events)
      this.#told.set(id, (told ?? '') + text)
      this.#push(text, events)
      return
    }
    this.#told.set(id, text)
    this.#push(text.startsWith(told) ? text.slice(told.length) : `\n\n${text}`, events)
  }

  #decodeStatus(status: JsonRecord, events: StreamEvent[]): void {
    const state = readString(status['state']) ?? ''
    const said = readParts(readRecord(status['message'])?.['parts'])
    if (!finalStates.has(state)) {
      if (said !== '') events.push({ type: 'reasoning-delta', choice: 0, text: `${said}\n` })
      return
    }
    if (state !== 'TASK_STATE_COMPLETED' || this.#textLength === 0) this.#tell(said, events)
    this.#finish(state.replace('TASK_STATE_', '').toLowerCase(), events)
  }

  #tell(text: string, events: StreamEvent[]): void {
    this.#separate(text, events)
    this.#push(text, events)
  }

  #separate(text: string, events: StreamEvent[]): void {
    if (this.#textLength > 0 && text !== '') events.push({ type: 'text-delta', choice: 0, text: '\n\n' })
  }

  #push(text: string, events: StreamEvent[]): void {
    if (text === '') return
    this.#textLength += text.length
    events.push({ type: 'text-delta', choice: 0, text })
  }

  #finish(providerReason: string, events: StreamEvent[]): void {
    this.#isOver = true
    events.push({ type: 'finish', choice: 0, finish: { reason: 'stop', providerReason, stopSequence: null } })
    if (this.#isCounted) return
    const [inputTokens, outputTokens] = [this.#promptLength, this.#textLength].map((characters) =>
      Math.ceil(characters / charactersPerToken),
    ) as [number, number]
    events.push({
      type: 'usage-available',
      usage: { ...zeroUsage, inputTokens, outputTokens, isEstimate: true },
    })
  }

  #fail(reason: string): StreamEvent[] {
    this.#isOver = true
    return [{ type: 'error', failure: brokenStream(reason) }]
  }
}

function openEvent(event: JsonRecord): [name: string, about: JsonRecord | null] {
  for (const name of ['task', 'message', 'statusUpdate', 'artifactUpdate']) {
    const about = readRecord(event[name])
    if (about !== null) return [name, about]
  }
  return ['', null]
}
