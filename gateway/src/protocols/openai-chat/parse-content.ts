import { type JsonRecord, readRecord, readString, readText } from '../../conversation/json-value.ts'
import type { Part } from '../../conversation/part.ts'
import { cacheMark } from '../cache-mark.ts'
import { invalidField, requireRecord, requireString } from '../field-reader.ts'
import { parseMediaUrl } from '../media-url.ts'

/** Message content: a string, a list of parts, or nothing. Parts of unknown type stay whole as opaque parts. */
export function parseContent(content: unknown, path: string): Part[] {
  if (content === undefined || content === null) return []
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  if (!Array.isArray(content)) throw invalidField(path, 'a string or an array of content parts')
  return content.map((part, index) => parsePart(part, `${path}[${index}]`))
}

function parsePart(value: unknown, path: string): Part {
  if (typeof value === 'string') return { type: 'text', text: value }
  const part = requireRecord(value, path)
  switch (requireString(part['type'], `${path}.type`)) {
    case 'text':
      return { type: 'text', text: requireString(part['text'], `${path}.text`), ...cacheMark(part) }
    case 'image_url':
      return parseImage(part, path)
    case 'input_audio': {
      const audio = requireRecord(part['input_audio'], `${path}.input_audio`)
      const data = requireString(audio['data'], `${path}.input_audio.data`)
      return { type: 'audio', data, format: readString(audio['format']) ?? 'wav' }
    }
    case 'file':
      return parseFile(part, path)
    case 'refusal':
      return { type: 'refusal', text: requireString(part['refusal'], `${path}.refusal`) }
    default:
      return { type: 'opaque', dialect: 'openai-chat', value: part }
  }
}

function parseImage(part: JsonRecord, path: string): Part {
  const image = part['image_url']
  const url = requireString(readRecord(image)?.['url'] ?? image, `${path}.image_url.url`)
  const detail = readText(readRecord(image)?.['detail']) ?? undefined
  return { type: 'image', source: parseMediaUrl(url, `${path}.image_url.url`), detail, ...cacheMark(part) }
}

function parseFile(part: JsonRecord, path: string): Part {
  const file = requireRecord(part['file'], `${path}.file`)
  const filename = readText(file['filename']) ?? undefined
  const fileId = readText(file['file_id'])
  if (fileId !== null && !fileId.startsWith('data:') && !/^https?:\/\//.test(fileId)) {
    return { type: 'document', source: { kind: 'file', fileId }, filename, ...cacheMark(part) }
  }
  const data = fileId ?? requireString(file['file_data'] ?? file['file_url'], `${path}.file.file_data`)
  return {
    type: 'document',
    source: parseMediaUrl(data, `${path}.file.file_data`),
    filename,
    ...cacheMark(part),
  }
}
