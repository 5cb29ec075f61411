import { type JsonRecord, readNumber, readRecord } from '../../conversation/json-value.ts'
import { scanObject } from '../../json/object-members.ts'
import type { CostTerms } from '../../pricing/compute-cost.ts'
import type { UpstreamFailure } from '../../providers/failure.ts'
import type { PlainReply } from '../../relay/relay.ts'
import { readPassthroughReply } from '../passthrough-reply.ts'
import type { PassthroughOptions } from '../protocol.ts'
import { unreadableAnswer } from '../unreadable-answer.ts'
import { billMedia, secondsOfSubtitles } from './media-terms.ts'

/** Answers that may be something else than JSON: subtitles and plain transcripts, audio that comes whole. */
const mayBeOther: ReadonlySet<string> = new Set(['transcription', 'translation', 'speech'])

/** A whole answer of an image, audio or moderation endpoint, as it is, with what it bills read on the side. */
export function readMediaReply(
  body: Buffer,
  options: PassthroughOptions,
  contentType: string,
): PlainReply | UpstreamFailure {
  const isJson = contentType.includes('json')
  if (!isJson && mayBeOther.has(options.operation)) return readOther(body, options, contentType)
  let usage: JsonRecord | null = null
  const decodeUsage: PassthroughOptions['decodeUsage'] = (value) => {
    usage = readRecord(value)
    return options.decodeUsage(value)
  }
  const reply = readPassthroughReply(body, { ...options, decodeUsage })
  if ('kind' in reply) return reply
  const terms = billMedia(options, usage, () => numberMember(body, 'duration'))
  return terms === null ? reply : { ...reply, terms }
}

function readOther(
  body: Buffer,
  options: PassthroughOptions,
  contentType: string,
): PlainReply | UpstreamFailure {
  if (contentType.includes('html')) return unreadableAnswer('a page instead of an answer')
  const isText = options.operation !== 'speech'
  const seconds = isText ? secondsOfSubtitles(body.toString('latin1')) : null
  const terms = seconds === null ? billMedia(options, null, () => null) : secondsTerms(seconds)
  const type = contentType === '' ? 'text/plain; charset=utf-8' : contentType
  return { body, contentType: type, usage: null, ...(terms === null ? {} : { terms }) }
}

function secondsTerms(seconds: number): Partial<CostTerms> {
  return { units: { inputSecond: seconds } }
}

/** A top-level number, found without building the answer. */
function numberMember(body: Buffer, key: string): number | null {
  const member = scanObject(body)?.members.find((candidate) => candidate.key === key)
  if (member === undefined) return null
  // Some servers write the duration as text.
  const text = body.toString('latin1', member.valueStart, member.valueEnd).replaceAll('"', '')
  return readNumber(Number.parseFloat(text))
}
