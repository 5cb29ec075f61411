import { collectReply } from '../../conversation/collect-reply.ts'
import { type JsonRecord, readRecord, readRecords } from '../../conversation/json-value.ts'
import type { ConversationReply } from '../../conversation/reply.ts'
import type { ReplyEvent, StreamEvent } from '../../conversation/stream-event.ts'
import { malformedAnswer } from '../malformed-answer.ts'
import { ConverseStreamDecoder } from './decode-stream.ts'

/** A whole answer, decoded as the stream it could have been, so that both forms cannot differ. */
export function decodeReply(body: unknown): ConversationReply {
  const answer = readRecord(body)
  if (answer === null) throw malformedAnswer('it is not a JSON object')
  const message = readRecord(readRecord(answer['output'])?.['message'])
  if (!Array.isArray(message?.['content'])) throw malformedAnswer('it has no message')
  const { output: _, stopReason, additionalModelResponseFields, ...metadata } = answer
  const decoder = new ConverseStreamDecoder()
  const events = decoder.decodeEvent('messageStart', {})
  readRecords(message['content']).forEach((block, index) => {
    events.push(...decodeBlock(block, index, decoder))
  })
  events.push(...decoder.decodeEvent('messageStop', { stopReason, additionalModelResponseFields }))
  events.push(...decoder.decodeEvent('metadata', metadata))
  return collectReply(events.filter(isReplyEvent))
}

function decodeBlock(
  block: JsonRecord,
  contentBlockIndex: number,
  decoder: ConverseStreamDecoder,
): StreamEvent[] {
  const delta = (value: JsonRecord): StreamEvent[] =>
    decoder.decodeEvent('contentBlockDelta', { contentBlockIndex, delta: value })
  const stop = (): StreamEvent[] => decoder.decodeEvent('contentBlockStop', { contentBlockIndex })
  const toolUse = readRecord(block['toolUse'])
  if (toolUse !== null) {
    const start = decoder.decodeEvent('contentBlockStart', { contentBlockIndex, start: { toolUse } })
    const input = JSON.stringify(toolUse['input'] ?? {})
    return [...start, ...(input === '{}' ? [] : delta({ toolUse: { input } })), ...stop()]
  }
  const reasoning = readRecord(block['reasoningContent'])
  if (reasoning !== null) {
    return [...delta({ reasoningContent: readRecord(reasoning['reasoningText']) ?? reasoning }), ...stop()]
  }
  const cited = readRecord(block['citationsContent'])
  if (cited !== null) {
    const deltas = [
      ...readRecords(cited['content']),
      ...readRecords(cited['citations']).map((citation) => ({ citation })),
    ]
    return [...deltas.flatMap(delta), ...stop()]
  }
  if (typeof block['text'] === 'string') return [...delta({ text: block['text'] }), ...stop()]
  return [{ type: 'opaque', choice: 0, part: { type: 'opaque', dialect: 'bedrock-converse', value: block } }]
}

function isReplyEvent(event: StreamEvent): event is ReplyEvent {
  return event.type !== 'error'
}
