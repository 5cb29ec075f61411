import type { ConversationReply } from '../../conversation/reply.ts'
import type { ReplyEvent } from '../../conversation/stream-event.ts'
import { type Usage, zeroUsage } from '../../conversation/usage.ts'
import type { ReplyHead } from '../protocol.ts'
import { formatFinishReason } from './format-parts.ts'
import { formatUsage } from './format-usage.ts'

/** The answers to the prompts of one text completion as one body; indexes run on from prompt to prompt. */
export function formatCompletion(
  replies: readonly ConversationReply[],
  head: ReplyHead,
): Record<string, unknown> {
  const choices = replies
    .flatMap((reply) => reply.choices)
    .map(({ parts, finish }, index) => {
      const text = parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
      return { text, index, logprobs: null, finish_reason: formatFinishReason(finish) }
    })
  const usages = replies.map((reply) => reply.usage).filter((usage) => usage !== null)
  const { id, created, model } = head
  const usage = usages.length === 0 ? {} : { usage: formatUsage(addUsages(usages)) }
  return { id, object: 'text_completion', created, model, choices, ...usage }
}

function addUsages(usages: readonly Usage[]): Usage {
  type Count = Exclude<keyof Usage, 'serviceTier' | 'isEstimate'>
  const sum: Record<Count, number> = { ...zeroUsage }
  for (const usage of usages) {
    for (const name of Object.keys(zeroUsage) as Count[]) sum[name] += usage[name]
  }
  return sum
}

/** Writes the events of one or several prompts as text completion chunks; see ChatStreamFormatter. */
export class CompletionStreamFormatter {
  readonly #head: string
  readonly #includesUsage: boolean
  readonly #usages = new Map<number, Usage>()

  constructor(head: ReplyHead, options: { readonly includesUsage: boolean }) {
    const members = { id: head.id, object: 'text_completion', created: head.created, model: head.model }
    this.#head = `data: ${JSON.stringify(members).slice(0, -1)}`
    this.#includesUsage = options.includesUsage
  }

  /** `firstIndex` is the index of the prompt's first choice: its position times the choices for each prompt. */
  format(event: ReplyEvent, firstIndex = 0): string {
    switch (event.type) {
      case 'text-delta':
        return event.text === '' ? '' : this.#chunk(firstIndex + event.choice, event.text, null)
      case 'finish':
        return this.#chunk(firstIndex + event.choice, '', formatFinishReason(event.finish))
      case 'usage-available':
        this.#usages.set(firstIndex, event.usage)
        return ''
      default:
        return ''
    }
  }

  /** The end of a complete answer. */
  end(): string {
    const usage =
      this.#includesUsage && this.#usages.size > 0 ? formatUsage(addUsages([...this.#usages.values()])) : null
    const chunk = usage === null ? '' : `${this.#head},"choices":[],"usage":${JSON.stringify(usage)}}\n\n`
    return `${chunk}data: [DONE]\n\n`
  }

  #chunk(index: number, text: string, finishReason: string | null): string {
    const choice = { text, index, logprobs: null, finish_reason: finishReason }
    return `${this.#head},"choices":[${JSON.stringify(choice)}]}\n\n`
  }
}
