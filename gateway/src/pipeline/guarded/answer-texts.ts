import type { BlobSealer } from '../../conversation/blob-sealer.ts'
import { parseJson, readList, readRecord, readText } from '../../conversation/json-value.ts'
import { replayReply } from '../../conversation/replay-reply.ts'
import type { ConversationReply, ReplyPart } from '../../conversation/reply.ts'
import type { PlainReply } from '../../relay/relay.ts'
import { AsTheyAre } from '../cache/as-they-are.ts'
import { readCached } from '../cache/read-cached.ts'
import { keeperOf } from '../history.ts'
import type { ModelRequest } from '../model-request.ts'
import { formatAsStream, formatReply, formatterOf } from '../translated-exchange.ts'
import { readCompletion } from './completion-texts.ts'

/** An answer in the client's dialect as guards see it. */
export interface AnswerTexts {
  /** What the model wrote, thought and refused, in order. */
  readonly texts: readonly string[]
  /** The same answer with other texts, as many, in their places. */
  write(texts: readonly string[]): Omit<PlainReply, 'usage'>
}

/** Null for what cannot be read. */
export function readAnswerTexts(
  request: ModelRequest,
  isStream: boolean,
  text: string,
  blobs: BlobSealer,
): AnswerTexts | null {
  if (request.operation === 'completion') return readCompletion(isStream, text)
  const isArray = isStream && !request.protocol.streamType.startsWith('text/event-stream')
  const reply = readCached(request.protocol.id, { isStream, text: isArray ? asEvents(text) : text })
  // What holds no answer in a form that is known may hold one in another.
  if (reply === null || reply.choices.length === 0) return null
  return {
    texts: reply.choices.flatMap(({ parts }) => parts.flatMap((part) => textOf(part) ?? [])),
    write: (texts) => writeReply(request, isStream, replaceTexts(reply, texts), blobs),
  }
}

/** A stream whose pieces are the members of one JSON array, as events. Empty for what is none. */
function asEvents(text: string): string {
  const pieces = readList(parseJson(text))
  return pieces.map((piece) => `data: ${JSON.stringify(piece)}\n\n`).join('')
}

function writeReply(
  request: ModelRequest,
  isStream: boolean,
  reply: ConversationReply,
  blobs: BlobSealer,
): Omit<PlainReply, 'usage'> {
  const carrier = new AsTheyAre(blobs, { family: '', account: '', isAccountBound: false })
  if (!isStream) return formatReply(reply, request, carrier)
  return formatAsStream(replayReply(reply), formatterOf(request, carrier), keeperOf(request))
}

/** What else a provider said of an answer may repeat its words, so it goes where they were changed. */
function replaceTexts(reply: ConversationReply, texts: readonly string[]): ConversationReply {
  const given = [...texts]
  const choices = reply.choices.map((choice) => {
    const parts = choice.parts.flatMap((part) => replaceText(part, given))
    const isSame =
      parts.length === choice.parts.length && parts.every((part, at) => part === choice.parts[at])
    return isSame ? choice : { ...choice, parts: parts.filter((part) => !isRepetition(part)) }
  })
  return { ...reply, choices, extra: null }
}

/** Takes the part's text from those that are given. What is spoken or signed cannot be changed, only left out. */
function replaceText(part: ReplyPart, given: string[]): readonly ReplyPart[] {
  const text = textOf(part)
  const next = text === null ? null : (given.shift() ?? '')
  if (next === text || next === null) return [part]
  switch (part.type) {
    case 'text':
      return [{ type: 'text', text: next }]
    case 'refusal':
      return [{ ...part, text: next }]
    case 'reasoning':
      return part.signature === null ? [{ ...part, text: next }] : []
    default:
      return []
  }
}

/** Probabilities name the words they are about. */
function isRepetition(part: ReplyPart): boolean {
  return part.type === 'opaque' && 'logprobs' in part.value
}

function textOf(part: ReplyPart): string | null {
  if (part.type === 'opaque') return readText(readRecord(part.value['audio'])?.['transcript'])
  const isWords = part.type === 'text' || part.type === 'refusal' || part.type === 'reasoning'
  return isWords && part.text !== '' ? part.text : null
}
