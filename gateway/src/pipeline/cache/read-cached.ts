import type { CachedAnswer } from '../../answer-cache/cached-answer.ts'
import { ReplyCollector } from '../../conversation/collect-reply.ts'
import type { DialectId } from '../../conversation/dialect.ts'
import type { ConversationReply } from '../../conversation/reply.ts'
import { anthropicWire } from '../../providers/anthropic/anthropic.ts'
import { geminiWire } from '../../providers/gemini/gemini.ts'
import { openaiWire } from '../../providers/openai/openai.ts'
import { responsesWire } from '../../providers/openai/responses/responses.ts'
import { plainReplyContext } from '../../providers/reply-context.ts'
import type { Wire } from '../../providers/wire.ts'
import { createStreamParser } from '../../relay/framing.ts'

/** Who answers in a dialect just as the gateway does. */
const wires: Readonly<Partial<Record<DialectId, Wire>>> = {
  'openai-chat': openaiWire,
  'openai-responses': responsesWire,
  'anthropic-messages': anthropicWire,
  'google-generate': geminiWire,
}

/** An answer in a client's dialect as the conversation model has it; null when it is none, or broke off. */
export function readCached(
  dialect: DialectId,
  { isStream, text }: Pick<CachedAnswer, 'isStream' | 'text'>,
): ConversationReply | null {
  const wire = wires[dialect]
  if (wire === undefined) return null
  try {
    return isStream ? readStream(wire, text) : wire.decodeReply(JSON.parse(text), plainReplyContext)
  } catch {
    return null
  }
}

function readStream(wire: Wire, text: string): ConversationReply | null {
  const parser = createStreamParser(wire.framing)
  const decoder = wire.createStreamDecoder(plainReplyContext)
  const collector = new ReplyCollector()
  const events = [...parser.push(Buffer.from(text)), ...parser.end()]
  for (const event of [...events.flatMap((one) => decoder.push(one)), ...decoder.end()]) {
    if (event.type === 'error') return null
    collector.push(event)
  }
  return collector.reply()
}
