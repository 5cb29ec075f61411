import {
  type JsonRecord,
  parseJson,
  readNumber,
  readRecord,
  readRecords,
  readText,
} from '../../conversation/json-value.ts'
import type { StreamEvent } from '../../conversation/stream-event.ts'
import type { Usage } from '../../conversation/usage.ts'
import type { UpstreamFailure } from '../failure.ts'
import { brokenStream } from '../malformed-answer.ts'
import type { StreamDecoder } from '../wire.ts'
import { CandidateDecoder } from './decode-candidate.ts'
import { findFailure } from './decode-error.ts'
import { decodeUsage } from './decode-usage.ts'

/** Members of an answer that are decoded; every other one is kept. */
const understood = new Set([
  'candidates',
  'usageMetadata',
  'modelVersion',
  'responseId',
  'promptFeedback',
  'createTime',
])

/**
 * Decodes the pieces of a streamed answer; each is an answer of its own with the new parts. The finish and the usage
 * come with the last pieces, so they are held until the stream ends. Nothing is emitted before there is content, so
 * that an answer which breaks without any can still be asked for again.
 */
export class GenerateStreamDecoder implements StreamDecoder {
  readonly #candidates = new Map<number, CandidateDecoder>()
  readonly #extra: Record<string, unknown> = {}
  #head: StreamEvent | null = null
  #replyId = ''
  #isBegun = false
  #usage: Usage | null = null
  #hasFailed = false

  push({ data }: { readonly data: string }): StreamEvent[] {
    if (this.#hasFailed || data === '') return []
    const piece = readRecord(parseJson(data))
    if (piece === null) return this.#fail(brokenStream('an event is not a JSON object'))
    const failure = findFailure(piece)
    if (failure !== null && !(this.#isBegun && isBrokenOnly(piece))) return this.#fail(failure)
    const events: StreamEvent[] = []
    this.decodePiece(piece, events)
    return events
  }

  decodePiece(piece: JsonRecord, events: StreamEvent[]): void {
    this.#head ??= this.#readHead(piece)
    const before = events.length
    for (const candidate of readRecords(piece['candidates'])) {
      const index = readNumber(candidate['index']) ?? 0
      this.#candidate(index).push(candidate, this.#replyId, events)
    }
    this.#usage = decodeUsage(piece['usageMetadata']) ?? this.#usage
    for (const name in piece) if (!understood.has(name)) this.#extra[name] = piece[name]
    if (events.length > before && !this.#isBegun) {
      this.#isBegun = true
      events.splice(before, 0, this.#head)
    }
  }

  end(): StreamEvent[] {
    if (this.#hasFailed) return []
    const isFinished = [...this.#candidates.values()].some(({ finishReason }) => finishReason !== null)
    if (!isFinished) return this.#fail(brokenStream('it ended before the answer did'))
    return this.finish()
  }

  /** What a complete answer ends with. */
  finish(): StreamEvent[] {
    const events: StreamEvent[] = []
    if (!this.#isBegun && this.#head !== null) events.push(this.#head)
    const finishes: StreamEvent[] = []
    for (const candidate of this.#candidates.values()) candidate.end(finishes)
    const members = { ...this.#extra, ...this.#candidates.get(0)?.extra }
    events.push(...finishes.filter((event) => event.type !== 'finish'))
    if (Object.keys(members).length > 0)
      events.push({ type: 'extra-available', extra: { dialect: 'google-generate', members } })
    events.push(...finishes.filter((event) => event.type === 'finish'))
    if (this.#usage !== null) {
      const searchCalls = Math.max(0, ...[...this.#candidates.values()].map(({ searches }) => searches))
      events.push({ type: 'usage-available', usage: { ...this.#usage, searchCalls } })
    }
    return events
  }

  #readHead(piece: JsonRecord): StreamEvent {
    const id = readText(piece['responseId'])
    this.#replyId = id ?? ''
    return { type: 'message-start', id, model: readText(piece['modelVersion']), created: null }
  }

  #candidate(index: number): CandidateDecoder {
    let candidate = this.#candidates.get(index)
    if (candidate === undefined) {
      candidate = new CandidateDecoder(index)
      this.#candidates.set(index, candidate)
    }
    return candidate
  }

  #fail(failure: UpstreamFailure): StreamEvent[] {
    this.#hasFailed = true
    return [{ type: 'error', failure }]
  }
}

/** Whether a piece reports nothing but a finish: behind content that ends the answer, it does not fail it. */
function isBrokenOnly(piece: JsonRecord): boolean {
  return piece['error'] === undefined && readRecords(piece['candidates']).length > 0
}
