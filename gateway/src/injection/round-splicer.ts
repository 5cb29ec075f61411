import { ReplyCollector } from '../conversation/collect-reply.ts'
import type { ToolCallPart } from '../conversation/part.ts'
import type { Finish, ReplyPart } from '../conversation/reply.ts'
import type { ReplyEvent } from '../conversation/stream-event.ts'
import type { Usage } from '../conversation/usage.ts'
import { HeldPreamble } from './held-preamble.ts'

/** What the model said in one upstream call. */
export interface Round {
  /** All of it, word for word. */
  readonly parts: readonly ReplyPart[]
  readonly internalCalls: readonly ToolCallPart[]
  readonly clientCalls: readonly ToolCallPart[]
  readonly finish: Finish | null
  readonly usage: Usage | null
}

/**
 * Makes one answer of several upstream calls. Calls of our own tools and the ends of all rounds but the last never come
 * out; calls of the client's tools are numbered anew, without gaps.
 */
export class RoundSplicer {
  readonly #internalTools: ReadonlySet<string>
  readonly #holdsPreamble: boolean
  #preamble: HeldPreamble | null
  #collector = new ReplyCollector()
  #rounds = 0
  #visibleCalls = 0
  #callIndexes = new Map<number, number | null>()
  #finish: Finish | null = null
  #wroteText = false
  #opening = true
  #earlierOutput = 0
  #usage: Usage | null = null
  #toldContainer = false

  /** `internalTools`: names of ours. `holdsPreamble`: short text in front of their calls is left out. */
  constructor(internalTools: ReadonlySet<string>, holdsPreamble = false) {
    this.#internalTools = internalTools
    this.#holdsPreamble = holdsPreamble && internalTools.size > 0
    this.#preamble = this.#beginPreamble()
  }

  /** Usage as the client is told: the prompt of the last call, and the output of all. */
  get usage(): Usage | null {
    if (this.#usage === null) return null
    return { ...this.#usage, outputTokens: this.#usage.outputTokens + this.#earlierOutput }
  }

  /** What the client gets now that an event of the round under way has come. */
  push(event: ReplyEvent): readonly ReplyEvent[] {
    this.#collector.push(event)
    if (event.type === 'tool-call-start' && this.#internalTools.has(event.name)) this.#preamble?.drop()
    return this.#show(event)
      .flatMap((shown) => this.#preamble?.pass(shown) ?? [shown])
      .map(this.#separate)
  }

  /** The event as the client may see it. */
  #show(event: ReplyEvent): readonly ReplyEvent[] {
    switch (event.type) {
      case 'message-start':
        return this.#rounds === 0 ? [event] : []
      case 'usage-available':
        this.#usage = event.usage
        return this.#rounds === 0 ? [event] : []
      case 'container-available':
        return this.#passContainer(event)
      case 'finish':
        this.#finish = event.finish
        return []
      case 'tool-call-start':
        return this.#startCall(event)
      case 'tool-call-delta':
      case 'tool-call-end': {
        const index = this.#callIndexes.get(event.index) ?? null
        return index === null ? [] : [{ ...event, index }]
      }
      default:
        return [event]
    }
  }

  /** The round is over. What it was; the next begins with the next event. */
  endRound(): Round {
    const reply = this.#collector.reply()
    const parts = reply.choices[0]?.parts ?? []
    const calls = parts.filter((part) => part.type === 'tool-call')
    const finish = this.#finish
    return {
      parts,
      internalCalls: calls.filter(({ name }) => this.#internalTools.has(name)),
      clientCalls: calls.filter(({ name }) => !this.#internalTools.has(name)),
      finish,
      usage: reply.usage,
    }
  }

  /** Another round follows. */
  beginRound(): void {
    this.#rounds += 1
    this.#earlierOutput += this.#usage?.outputTokens ?? 0
    this.forgetRound()
  }

  /** The round under way came to nothing, and another is made in its place. */
  forgetRound(): void {
    this.#usage = null
    this.#collector = new ReplyCollector()
    this.#callIndexes = new Map()
    this.#finish = null
    this.#opening = true
    this.#preamble = this.#beginPreamble()
  }

  /** The end of the answer, which is that of the last round. */
  conclude(): readonly ReplyEvent[] {
    const events = [...(this.#preamble?.release() ?? [])].map(this.#separate)
    const { usage } = this
    if (usage !== null) events.push({ type: 'usage-available', usage })
    if (this.#finish !== null) events.push({ type: 'finish', choice: 0, finish: this.#finish })
    return events
  }

  #startCall(event: Extract<ReplyEvent, { type: 'tool-call-start' }>): readonly ReplyEvent[] {
    if (this.#internalTools.has(event.name)) {
      this.#callIndexes.set(event.index, null)
      return []
    }
    const index = this.#visibleCalls
    this.#visibleCalls += 1
    this.#callIndexes.set(event.index, index)
    return [{ ...event, index }]
  }

  /** Every round runs in the same one. */
  #passContainer(event: ReplyEvent): readonly ReplyEvent[] {
    if (this.#toldContainer) return []
    this.#toldContainer = true
    return [event]
  }

  #beginPreamble(): HeldPreamble | null {
    return this.#holdsPreamble ? new HeldPreamble() : null
  }

  /** Text of a later round that follows text of an earlier one begins a new paragraph. */
  readonly #separate = (event: ReplyEvent): ReplyEvent => {
    if (event.type === 'message-start' || event.type === 'usage-available') return event
    const isText = event.type === 'text-delta' && event.text !== ''
    const separates = isText && this.#opening && this.#wroteText && this.#rounds > 0
    if (event.type !== 'text-delta' || isText) this.#opening = false
    if (!isText) return event
    this.#wroteText = true
    return separates ? { ...event, text: `\n\n${event.text}` } : event
  }
}
