import { type JsonRecord, readNumber, readRecord } from '../../conversation/json-value.ts'
import type { CostTerms } from '../../pricing/compute-cost.ts'
import type { PassthroughOptions } from '../protocol.ts'

/**
 * What an answer of a media endpoint bills besides its tokens: image tokens, images and pixels, seconds of audio,
 * characters of speech. Null when it says nothing that could be billed.
 */
export function billMedia(
  { operation, body }: Pick<PassthroughOptions, 'operation' | 'body'>,
  usage: JsonRecord | null,
  readDuration: () => number | null,
): Partial<CostTerms> | null {
  switch (operation) {
    case 'image-generation':
    case 'image-edit':
      return usage === null ? imageUnits(body) : imageTokens(usage)
    case 'transcription':
    case 'translation': {
      // Models that bill tokens say so in their usage; the duration is then no unit.
      if (usage !== null && readNumber(usage['input_tokens']) !== null) return null
      const seconds = readNumber(usage?.['seconds']) ?? readDuration()
      return seconds === null ? null : { units: { inputSecond: seconds } }
    }
    case 'speech':
      return usage === null ? speechUnits(body) : speechTokens(usage)
    case 'moderation':
      return {}
    default:
      return null
  }
}

/** Images of models without tokens: as many as were asked for, and their pixels. */
function imageUnits(body: JsonRecord): Partial<CostTerms> {
  const count = Number(body['n'] ?? 1) || 1
  const [, width, height] = /^(\d{1,5})x(\d{1,5})$/.exec(String(body['size'] ?? '')) ?? []
  const pixels = width === undefined || height === undefined ? 1024 * 1024 : Number(width) * Number(height)
  return { units: { outputImage: count, outputPixel: count * pixels } }
}

/** Everything an image model writes is image, unless it says how much is not. */
function imageTokens(usage: JsonRecord): Partial<CostTerms> {
  const input = readRecord(usage['input_tokens_details'])
  const output = readRecord(usage['output_tokens_details'])
  const written = readNumber(usage['output_tokens']) ?? 0
  return {
    imageInputTokens: readNumber(input?.['image_tokens']) ?? 0,
    imageOutputTokens: readNumber(output?.['image_tokens']) ?? written,
  }
}

function speechUnits(body: JsonRecord): Partial<CostTerms> {
  const { input } = body
  return { units: { inputCharacter: typeof input === 'string' ? [...input].length : 0 } }
}

/** A model that speaks bills what it speaks as audio. */
function speechTokens(usage: JsonRecord): Partial<CostTerms> | null {
  return readNumber(usage['output_tokens']) === null ? null : {}
}

/** The end of the last cue of SRT or WebVTT subtitles, in seconds; null for any other text. */
export function secondsOfSubtitles(text: string): number | null {
  const arrow = text.lastIndexOf('-->')
  if (arrow === -1) return null
  const [, hours, minutes, seconds] =
    /^\s*(?:(\d+):)?(\d{1,2}):(\d{1,2}[.,]\d{1,3})/.exec(text.slice(arrow + 3, arrow + 40)) ?? []
  if (minutes === undefined || seconds === undefined) return null
  return Number(hours ?? 0) * 3600 + Number(minutes) * 60 + Number(seconds.replace(',', '.'))
}
