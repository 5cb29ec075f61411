import { type JsonRecord, readString } from '../conversation/json-value.ts'
import type { Part } from '../conversation/part.ts'
import { invalidField, requireRecord, requireString } from './field-reader.ts'

/** Content of OpenAI's dialects: a string, a list of parts that `parsePart` knows, or nothing. Errors: 400 naming the field. */
export function parseParts(
  content: unknown,
  path: string,
  parsePart: (part: unknown, path: string) => Part,
): Part[] {
  if (content === undefined || content === null) return []
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  if (!Array.isArray(content)) throw invalidField(path, 'a string or an array of content parts')
  return content.map((part, index) => parsePart(part, `${path}[${index}]`))
}

/** `{type: 'input_audio', input_audio: {data, format}}`. */
export function parseInputAudio(part: JsonRecord, path: string): Part {
  const audio = requireRecord(part['input_audio'], `${path}.input_audio`)
  const data = requireString(audio['data'], `${path}.input_audio.data`)
  return { type: 'audio', data, format: readString(audio['format']) ?? 'wav' }
}
