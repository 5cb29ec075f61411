import type { JsonRecord } from './json-value.ts'
import type { Citation, ReasoningPart, TextPart } from './part.ts'
import type { ConversationReply, Finish, ReplyChoice, ReplyExtra, ReplyPart } from './reply.ts'
import type { ReplyEvent } from './stream-event.ts'
import type { Usage } from './usage.ts'

/** The whole answer a finished stream amounts to. */
export function collectReply(events: Iterable<ReplyEvent>): ConversationReply {
  const collector = new ReplyCollector()
  for (const event of events) collector.push(event)
  return collector.reply()
}

/** Gathers events of one stream as they come; `reply()` may be read at any time. */
export class ReplyCollector {
  #head: { id: string | null; model: string | null; created: number | null } = {
    id: null,
    model: null,
    created: null,
  }
  #choices = new Map<number, ChoiceCollector>()
  #usage: Usage | null = null
  #container: JsonRecord | null = null
  #extra: ReplyExtra | null = null

  push(event: ReplyEvent): void {
    switch (event.type) {
      case 'message-start':
        this.#head = { id: event.id, model: event.model, created: event.created }
        return
      case 'usage-available':
        this.#usage = event.usage
        return
      case 'container-available':
        this.#container = event.container
        return
      case 'extra-available': {
        const members = { ...this.#extra?.members, ...event.extra.members }
        this.#extra = { dialect: event.extra.dialect, members }
        return
      }
      default:
        this.#choice(event.choice).push(event)
    }
  }

  reply(): ConversationReply {
    const collectors = [...this.#choices].sort(([a], [b]) => a - b)
    const choices = collectors.map(([index, choice]) => choice.reply(index))
    const container = this.#container === null ? {} : { container: this.#container }
    return { ...this.#head, choices, usage: this.#usage, ...container, extra: this.#extra }
  }

  #choice(index: number): ChoiceCollector {
    let choice = this.#choices.get(index)
    if (choice === undefined) {
      choice = new ChoiceCollector()
      this.#choices.set(index, choice)
    }
    return choice
  }
}

type ChoiceEvent = Extract<ReplyEvent, { readonly choice: number }>
type WholeEvent = Extract<
  ReplyEvent,
  { readonly type: 'reasoning-redacted' | 'image' | 'opaque' | `tool-call-${string}` }
>
interface OpenBlock {
  readonly type: 'text' | 'reasoning' | 'refusal'
  readonly texts: string[]
  readonly citations: Citation[]
  signature: string | null
}
interface OpenCall {
  readonly part: Extract<ReplyPart, { type: 'tool-call' }>
  readonly texts: string[]
}

class ChoiceCollector {
  #entries: (ReplyPart | OpenBlock | OpenCall)[] = []
  #open: OpenBlock | null = null
  #calls = new Map<number, OpenCall>()
  #finish: Finish | null = null

  push(event: ChoiceEvent): void {
    switch (event.type) {
      case 'text-delta':
        this.#block('text').texts.push(event.text)
        return
      case 'reasoning-delta':
        this.#block('reasoning').texts.push(event.text)
        return
      case 'refusal-delta':
        this.#block('refusal').texts.push(event.text)
        return
      case 'citation':
        this.#block('text').citations.push(event.citation)
        return
      case 'reasoning-signature':
        this.#block('reasoning').signature = event.signature
        this.#open = null
        return
      case 'block-end':
        this.#open = null
        return
      case 'finish':
        this.#finish = event.finish
        return
      default:
        this.#open = null
        this.#pushWhole(event)
    }
  }

  #pushWhole(event: WholeEvent): void {
    switch (event.type) {
      case 'reasoning-redacted':
        this.#entries.push({ type: 'reasoning', text: '', signature: null, redacted: event.data })
        return
      case 'image':
        this.#entries.push(event.image)
        return
      case 'opaque':
        this.#entries.push(event.part)
        return
      case 'tool-call-start': {
        const { id, name, kind } = event
        const call: OpenCall = { part: { type: 'tool-call', id, name, kind, arguments: '' }, texts: [] }
        this.#calls.set(event.index, call)
        this.#entries.push(call)
        return
      }
      case 'tool-call-delta':
        this.#calls.get(event.index)?.texts.push(event.arguments)
        return
      case 'tool-call-end':
        return
    }
  }

  #block(type: OpenBlock['type']): OpenBlock {
    if (this.#open?.type !== type) {
      this.#open = { type, texts: [], citations: [], signature: null }
      this.#entries.push(this.#open)
    }
    return this.#open
  }

  reply(index: number): ReplyChoice {
    return { index, parts: this.#entries.map(closeEntry), finish: this.#finish }
  }
}

function closeEntry(entry: ReplyPart | OpenBlock | OpenCall): ReplyPart {
  if ('part' in entry) return { ...entry.part, arguments: entry.texts.join('') }
  if (!('texts' in entry)) return entry
  const text = entry.texts.join('')
  if (entry.type === 'refusal') return { type: 'refusal', text }
  if (entry.type === 'reasoning') {
    const reasoning: ReasoningPart = { type: 'reasoning', text, signature: entry.signature, redacted: null }
    return reasoning
  }
  const part: TextPart = { type: 'text', text }
  return entry.citations.length === 0 ? part : { ...part, citations: entry.citations }
}
