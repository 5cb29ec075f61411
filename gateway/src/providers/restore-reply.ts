import { collectReply } from '../conversation/collect-reply.ts'
import { parseJson, readRecord, readString } from '../conversation/json-value.ts'
import { replayReply } from '../conversation/replay-reply.ts'
import type { ConversationReply } from '../conversation/reply.ts'
import type { ReplyEvent, StreamEvent } from '../conversation/stream-event.ts'
import { plainReplyContext, type ReplyContext } from './reply-context.ts'
import type { StreamDecoder } from './wire.ts'

/** The answer in the caller's terms: what encoding the request had changed is changed back. */
export function restoreReply(reply: ConversationReply, context: ReplyContext): ConversationReply {
  if (isPlain(context)) return reply
  const restorer = new ReplyRestorer(context)
  return collectReply(replayReply(reply).flatMap((event) => restorer.restore(event) as readonly ReplyEvent[]))
}

/** The decoder with its events in the caller's terms. */
export function restoreStream(decoder: StreamDecoder, context: ReplyContext): StreamDecoder {
  if (isPlain(context)) return decoder
  const restorer = new ReplyRestorer(context)
  const restore = (events: readonly StreamEvent[]): StreamEvent[] =>
    events.flatMap((event) => restorer.restore(event))
  return { push: (event) => restore(decoder.push(event)), end: () => restore(decoder.end()) }
}

function isPlain(context: ReplyContext): boolean {
  if (context === plainReplyContext) return true
  return context.toolNames.size === 0 && context.customTools.size === 0 && context.jsonTool === null
}

interface CallState {
  /** `wrapped`: free text inside the one string argument of a function. */
  readonly kind: 'json' | 'wrapped' | 'plain'
  /** The index the caller sees. */
  readonly index: number
  /** Argument text held back until a free-text call is complete. */
  held: string
}

class ReplyRestorer {
  readonly #context: ReplyContext
  readonly #calls = new Map<string, CallState>()
  readonly #nextIndex = new Map<number, number>()
  readonly #jsonChoices = new Set<number>()

  constructor(context: ReplyContext) {
    this.#context = context
  }

  restore(event: StreamEvent): readonly StreamEvent[] {
    switch (event.type) {
      case 'tool-call-start':
        return this.#start(event)
      case 'tool-call-delta':
        return this.#delta(event)
      case 'tool-call-end':
        return this.#end(event)
      case 'finish':
        return [this.#finish(event)]
      default:
        return [event]
    }
  }

  #start(event: Extract<StreamEvent, { type: 'tool-call-start' }>): readonly StreamEvent[] {
    const { choice } = event
    const key = `${choice}:${event.index}`
    if (event.name === this.#context.jsonTool) {
      this.#jsonChoices.add(choice)
      this.#calls.set(key, { kind: 'json', index: -1, held: '' })
      return []
    }
    const index = this.#nextIndex.get(choice) ?? 0
    this.#nextIndex.set(choice, index + 1)
    const isWrapped = this.#context.customTools.has(event.name)
    this.#calls.set(key, { kind: isWrapped ? 'wrapped' : 'plain', index, held: '' })
    const kind = isWrapped ? 'custom' : event.kind
    return [{ ...event, index, kind, name: this.#context.toolNames.get(event.name) ?? event.name }]
  }

  #delta(event: Extract<StreamEvent, { type: 'tool-call-delta' }>): readonly StreamEvent[] {
    const call = this.#calls.get(`${event.choice}:${event.index}`)
    if (call === undefined) return [event]
    if (call.kind === 'json') return [{ type: 'text-delta', choice: event.choice, text: event.arguments }]
    if (call.kind === 'plain') return [{ ...event, index: call.index }]
    call.held += event.arguments
    return []
  }

  #end(event: Extract<StreamEvent, { type: 'tool-call-end' }>): readonly StreamEvent[] {
    const call = this.#calls.get(`${event.choice}:${event.index}`)
    if (call === undefined) return [event]
    if (call.kind === 'json') return [{ type: 'block-end', choice: event.choice }]
    const end: StreamEvent = { ...event, index: call.index }
    if (call.kind === 'plain' || call.held === '') return [end]
    const input = readString(readRecord(parseJson(call.held))?.['input']) ?? call.held
    return [{ type: 'tool-call-delta', choice: event.choice, index: call.index, arguments: input }, end]
  }

  /** An answer whose only call was the stand-in for a response format ends like text. */
  #finish(event: Extract<StreamEvent, { type: 'finish' }>): StreamEvent {
    const isText = this.#jsonChoices.has(event.choice) && !this.#nextIndex.has(event.choice)
    if (!isText || event.finish.reason !== 'tool-calls') return event
    return { ...event, finish: { ...event.finish, reason: 'stop' } }
  }
}
