import type { ReplyEvent } from '../../conversation/stream-event.ts'
import type { Usage } from '../../conversation/usage.ts'
import type { ReplyHead } from '../protocol.ts'
import {
  finishFields,
  foreignExtra,
  formatAnnotation,
  formatFinishReason,
  formatImage,
  formatThinkingBlock,
  thoughtFields,
  topLevelExtra,
} from './format-parts.ts'
import { formatUsage } from './format-usage.ts'

type Delta = Record<string, unknown>

interface OpenCall {
  readonly kind: 'function' | 'custom'
  hasArguments: boolean
}

interface ChoiceState {
  isFinished: boolean
  images: number
  readonly calls: Map<number, OpenCall>
}

/**
 * Writes one answer's events as chat completion chunks: the role first, one finish chunk per choice, usage only
 * when asked for, `[DONE]` last. Each method returns text for the wire, empty when there is nothing to send.
 */
export class ChatStreamFormatter {
  readonly #head: string
  readonly #includesUsage: boolean
  readonly #choices = new Map<number, ChoiceState>()
  #usage: Usage | null = null

  constructor(head: ReplyHead, options: { readonly includesUsage: boolean }) {
    const members = { id: head.id, object: 'chat.completion.chunk', created: head.created, model: head.model }
    this.#head = `data: ${JSON.stringify(members).slice(0, -1)}`
    this.#includesUsage = options.includesUsage
  }

  format(event: ReplyEvent): string {
    switch (event.type) {
      case 'message-start':
        return this.#open(0)
      case 'usage-available':
        this.#usage = event.usage
        return ''
      case 'extra-available': {
        const top = topLevelExtra(event.extra)
        if (Object.keys(top).length > 0) return this.#chunk([], null, top)
        return this.#fields(0, foreignExtra(event.extra))
      }
      case 'container-available':
        return this.#fields(0, { container: event.container })
      case 'finish':
        return this.#finish(event)
      default:
        return this.#open(event.choice) + this.#content(event)
    }
  }

  /** The end of a complete answer. */
  end(): string {
    const usage =
      this.#includesUsage && this.#usage !== null ? this.#chunk([], formatUsage(this.#usage), {}) : ''
    return `${usage}data: [DONE]\n\n`
  }

  #content(
    event: Exclude<
      ReplyEvent,
      { type: 'message-start' | 'usage-available' | 'extra-available' | 'container-available' | 'finish' }
    >,
  ): string {
    const { choice } = event
    switch (event.type) {
      case 'text-delta':
        return event.text === '' ? '' : this.#delta(choice, { content: event.text })
      case 'reasoning-delta': {
        const block = { type: 'thinking', thinking: event.text, signature: '' }
        return this.#delta(choice, { reasoning_content: event.text, thinking_blocks: [block] })
      }
      case 'reasoning-signature': {
        const block = { type: 'thinking', thinking: '', signature: event.signature }
        return this.#delta(choice, { thinking_blocks: [block] })
      }
      case 'reasoning-redacted': {
        const block = formatThinkingBlock({
          type: 'reasoning',
          text: '',
          signature: null,
          redacted: event.data,
        })
        return this.#delta(choice, { thinking_blocks: [block] })
      }
      case 'refusal-delta':
        return this.#delta(choice, { refusal: event.text })
      case 'citation':
        return this.#citation(event)
      case 'image': {
        const image = formatImage(event.image, this.#state(choice).images++)
        return this.#delta(choice, { images: [image] })
      }
      case 'opaque':
        return this.#opaque(event)
      case 'block-end':
        return ''
      default:
        return this.#toolCall(event)
    }
  }

  #citation({ choice, citation }: Extract<ReplyEvent, { type: 'citation' }>): string {
    const annotation = formatAnnotation(citation)
    const fields = { citations: [citation.native] }
    if (annotation === null) return this.#fields(choice, fields)
    const isOwn = citation.native['type'] === 'url_citation'
    const native = isOwn ? {} : { provider_specific_fields: fields }
    return this.#delta(choice, { annotations: [annotation], ...native })
  }

  #toolCall(event: Extract<ReplyEvent, { type: `tool-call-${string}` }>): string {
    const { choice, index } = event
    const { calls } = this.#state(choice)
    if (event.type === 'tool-call-start') {
      const { id, kind, name } = event
      calls.set(index, { kind, hasArguments: false })
      const body = kind === 'custom' ? { custom: { name, input: '' } } : { function: { name, arguments: '' } }
      return this.#delta(choice, { tool_calls: [{ index, id, type: kind, ...body, ...thoughtFields(id) }] })
    }
    const call = calls.get(index)
    if (call === undefined) return ''
    if (event.type === 'tool-call-end') {
      return call.hasArguments || call.kind === 'custom' ? '' : this.#arguments(choice, index, call, '{}')
    }
    return event.arguments === '' ? '' : this.#arguments(choice, index, call, event.arguments)
  }

  #arguments(choice: number, index: number, call: OpenCall, text: string): string {
    call.hasArguments = true
    const body = call.kind === 'custom' ? { custom: { input: text } } : { function: { arguments: text } }
    return this.#delta(choice, { tool_calls: [{ index, ...body }] })
  }

  #opaque({ choice, part }: Extract<ReplyEvent, { type: 'opaque' }>): string {
    if (part.dialect !== 'openai-chat') return this.#fields(choice, { server_tool_blocks: [part.value] })
    const { logprobs, ...delta } = part.value
    return this.#chunk([{ index: choice, delta, logprobs: logprobs ?? null, finish_reason: null }], null, {})
  }

  #finish({ choice, finish }: Extract<ReplyEvent, { type: 'finish' }>): string {
    const role = this.#open(choice)
    const state = this.#state(choice)
    if (state.isFinished) return role
    state.isFinished = true
    const fields = finishFields(finish)
    const delta = Object.keys(fields).length === 0 ? {} : { provider_specific_fields: fields }
    const body = { index: choice, delta, logprobs: null, finish_reason: formatFinishReason(finish) }
    return role + this.#chunk([body], null, {})
  }

  /** Nothing of a choice may follow its finish chunk. */
  #fields(choice: number, fields: Delta): string {
    if (Object.keys(fields).length === 0 || this.#choices.get(choice)?.isFinished) return ''
    return this.#open(choice) + this.#delta(choice, { provider_specific_fields: fields })
  }

  /** The role chunk, before anything else of a choice. */
  #open(choice: number): string {
    if (this.#choices.has(choice)) return ''
    this.#state(choice)
    return this.#delta(choice, { role: 'assistant', content: '', refusal: null })
  }

  #state(choice: number): ChoiceState {
    let state = this.#choices.get(choice)
    if (state === undefined) {
      state = { isFinished: false, images: 0, calls: new Map() }
      this.#choices.set(choice, state)
    }
    return state
  }

  #delta(choice: number, delta: Delta): string {
    return this.#chunk([{ index: choice, delta, logprobs: null, finish_reason: null }], null, {})
  }

  #chunk(choices: readonly Delta[], usage: Delta | null, extra: Delta): string {
    const tail = this.#includesUsage ? `,"usage":${JSON.stringify(usage)}` : ''
    const members = Object.keys(extra).length === 0 ? '' : `,${JSON.stringify(extra).slice(1, -1)}`
    return `${this.#head},"choices":${JSON.stringify(choices)}${members}${tail}}\n\n`
  }
}
