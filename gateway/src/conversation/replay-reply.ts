import type { ConversationReply, ReplyChoice, ReplyPart } from './reply.ts'
import type { ReplyEvent } from './stream-event.ts'

/** A whole answer as the stream of events that collects to the same answer. */
export function replayReply(reply: ConversationReply): ReplyEvent[] {
  const events: ReplyEvent[] = [
    { type: 'message-start', id: reply.id, model: reply.model, created: reply.created },
  ]
  if (reply.container != null) events.push({ type: 'container-available', container: reply.container })
  for (const choice of reply.choices) replayChoice(choice, events)
  if (reply.extra !== null) events.push({ type: 'extra-available', extra: reply.extra })
  if (reply.usage !== null) events.push({ type: 'usage-available', usage: reply.usage })
  return events
}

function replayChoice({ index, parts, finish }: ReplyChoice, events: ReplyEvent[]): void {
  let toolIndex = 0
  for (const part of parts) {
    replayPart(part, index, toolIndex, events)
    if (part.type === 'tool-call') toolIndex++
  }
  if (finish !== null) events.push({ type: 'finish', choice: index, finish })
}

function replayPart(part: ReplyPart, choice: number, toolIndex: number, events: ReplyEvent[]): void {
  switch (part.type) {
    case 'text':
      events.push({ type: 'text-delta', choice, text: part.text })
      for (const citation of part.citations ?? []) events.push({ type: 'citation', choice, citation })
      events.push({ type: 'block-end', choice })
      return
    case 'reasoning':
      if (part.redacted !== null) {
        events.push({ type: 'reasoning-redacted', choice, data: part.redacted })
        return
      }
      events.push({ type: 'reasoning-delta', choice, text: part.text })
      if (part.signature !== null) {
        events.push({ type: 'reasoning-signature', choice, signature: part.signature })
      } else {
        events.push({ type: 'block-end', choice })
      }
      return
    case 'refusal':
      events.push({ type: 'refusal-delta', choice, text: part.text }, { type: 'block-end', choice })
      return
    case 'tool-call':
      events.push({
        type: 'tool-call-start',
        choice,
        index: toolIndex,
        id: part.id,
        name: part.name,
        kind: part.kind,
      })
      if (part.arguments !== '') {
        events.push({ type: 'tool-call-delta', choice, index: toolIndex, arguments: part.arguments })
      }
      events.push({ type: 'tool-call-end', choice, index: toolIndex })
      return
    case 'image':
      events.push({ type: 'image', choice, image: part })
      return
    case 'opaque':
      events.push({ type: 'opaque', choice, part })
  }
}
