import type { BlobCarrier } from '../../conversation/blob-carrier.ts'
import type { JsonRecord } from '../../conversation/json-value.ts'
import type { Citation } from '../../conversation/part.ts'
import type { Finish } from '../../conversation/reply.ts'
import type { ReplyEvent } from '../../conversation/stream-event.ts'
import type { Usage } from '../../conversation/usage.ts'
import type { ReplyHead, ReplyOptions, StreamFormatter } from '../protocol.ts'
import {
  formatCall,
  formatFinishReason,
  formatGrounding,
  formatImage,
  formatSignature,
  formatUsage,
} from './format-parts.ts'
import type { PieceFraming } from './piece-framing.ts'

interface PendingCall {
  readonly id: string
  readonly name: string
  readonly kind: 'function' | 'custom'
  arguments: string
}

interface ChoiceState {
  readonly calls: Map<number, PendingCall>
  readonly citations: Citation[]
  finish: Finish | null
}

/**
 * Writes one answer's events as pieces, each with its new parts. A call has no partial form here, so its arguments are
 * gathered first; the finish, the sources and the usage come with the last piece.
 */
export class GenerateStreamFormatter implements StreamFormatter {
  readonly #carrier: BlobCarrier
  readonly #framing: PieceFraming
  readonly #tail: string
  readonly #choices = new Map<number, ChoiceState>()
  #usage: Usage | null = null
  #extra: JsonRecord = {}

  constructor(head: ReplyHead, { carrier }: ReplyOptions, framing: PieceFraming) {
    this.#carrier = carrier
    this.#framing = framing
    this.#tail = JSON.stringify({ modelVersion: head.model, responseId: head.id }).slice(1)
  }

  format(event: ReplyEvent): string {
    switch (event.type) {
      case 'text-delta':
      case 'refusal-delta':
        return event.text === '' ? '' : this.#part(event.choice, { text: event.text })
      case 'reasoning-delta':
        return this.#part(event.choice, { text: event.text, thought: true })
      case 'reasoning-signature':
        return this.#part(event.choice, formatSignature(event.signature, 'signature', this.#carrier))
      case 'reasoning-redacted':
        return this.#part(event.choice, formatSignature(event.data, 'redacted', this.#carrier))
      case 'image':
        return this.#part(event.choice, formatImage(event.image))
      case 'opaque':
        return event.part.dialect === 'google-generate' ? this.#part(event.choice, event.part.value) : ''
      case 'tool-call-end':
        return this.#call(event)
      default:
        this.#note(event)
        return ''
    }
  }

  /** The last piece of a complete answer. */
  end(): string {
    if (this.#choices.size === 0) this.#choice(0)
    const candidates = [...this.#choices].map(([index, choice]) => formatLast(index, choice))
    const usage = this.#usage === null ? {} : { usageMetadata: formatUsage(this.#usage) }
    const body = JSON.stringify({ ...this.#extra, candidates, ...usage }).slice(0, -1)
    return this.#framing.frame(`${body},${this.#tail}`) + this.#framing.end()
  }

  #note(event: ReplyEvent): void {
    switch (event.type) {
      case 'tool-call-start': {
        const { id, name, kind } = event
        this.#choice(event.choice).calls.set(event.index, { id, name, kind, arguments: '' })
        return
      }
      case 'tool-call-delta': {
        const call = this.#choice(event.choice).calls.get(event.index)
        if (call !== undefined) call.arguments += event.arguments
        return
      }
      case 'citation':
        this.#choice(event.choice).citations.push(event.citation)
        return
      case 'finish':
        this.#choice(event.choice).finish = event.finish
        return
      case 'usage-available':
        this.#usage = event.usage
        return
      case 'extra-available':
        if (event.extra.dialect === 'google-generate')
          this.#extra = { ...this.#extra, ...event.extra.members }
    }
  }

  #call({ choice, index }: { readonly choice: number; readonly index: number }): string {
    const call = this.#choice(choice).calls.get(index)
    return call === undefined ? '' : this.#part(choice, formatCall(call))
  }

  #choice(index: number): ChoiceState {
    let choice = this.#choices.get(index)
    if (choice === undefined) {
      choice = { calls: new Map(), citations: [], finish: null }
      this.#choices.set(index, choice)
    }
    return choice
  }

  #part(choice: number, part: JsonRecord): string {
    const head = '{"candidates":[{"content":{"parts":['
    const json = `${head}${JSON.stringify(part)}],"role":"model"},"index":${choice}}],${this.#tail}`
    return this.#framing.frame(json)
  }
}

function formatLast(index: number, { finish, citations }: ChoiceState): JsonRecord {
  const content = { parts: [{ text: '' }], role: 'model' }
  const grounding = formatGrounding(citations)
  const candidate = { content, finishReason: formatFinishReason(finish), index }
  return grounding === null ? candidate : { ...candidate, groundingMetadata: grounding }
}
