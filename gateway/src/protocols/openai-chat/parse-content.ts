import { type JsonRecord, readRecord, readText } from '../../conversation/json-value.ts'
import type { Part } from '../../conversation/part.ts'
import { cacheMark } from '../cache-mark.ts'
import { requireRecord, requireString } from '../field-reader.ts'
import { parseMediaUrl } from '../media-url.ts'
import { parseInputAudio, parseParts } from '../parse-parts.ts'

/** Message content: a string, a list of parts, or nothing. Parts of unknown type stay whole as opaque parts. */
export function parseContent(content: unknown, path: string): Part[] {
  return parseParts(content, path, parsePart)
}

function parsePart(value: unknown, path: string): Part {
  if (typeof value === 'string') return { type: 'text', text: value }
  const part = requireRecord(value, path)
  switch (requireString(part['type'], `${path}.type`)) {
    case 'text':
      return { type: 'text', text: requireString(part['text'], `${path}.text`), ...cacheMark(part) }
    case 'image_url':
      return parseImage(part, path)
    case 'input_audio':
      return parseInputAudio(part, path)
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
