import { type JsonRecord, readRecord, readText } from '../../conversation/json-value.ts'
import type { MediaSource, Part } from '../../conversation/part.ts'
import { invalidField, requireRecord, requireString } from '../field-reader.ts'
import { parseMediaUrl } from '../media-url.ts'
import { parseInputAudio, parseParts } from '../parse-parts.ts'

/** The content of a message or of a tool's output. Parts of unknown type stay whole as opaque parts. */
export function parseContent(content: unknown, path: string): Part[] {
  return parseParts(content, path, parsePart)
}

function parsePart(value: unknown, path: string): Part {
  if (typeof value === 'string') return { type: 'text', text: value }
  const part = requireRecord(value, path)
  switch (requireString(part['type'], `${path}.type`)) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return { type: 'text', text: requireString(part['text'], `${path}.text`) }
    case 'refusal':
      return { type: 'refusal', text: requireString(part['refusal'], `${path}.refusal`) }
    case 'input_image':
      return parseImage(part, path)
    case 'input_file':
      return parseFile(part, path)
    case 'input_audio':
      return parseInputAudio(part, path)
    default:
      return { type: 'opaque', dialect: 'openai-responses', value: part }
  }
}

function parseImage(part: JsonRecord, path: string): Part {
  const detail = readText(part['detail']) ?? undefined
  const image = part['image_url']
  const url = readText(readRecord(image)?.['url'] ?? image)
  if (url !== null) return { type: 'image', source: parseMediaUrl(url, `${path}.image_url`), detail }
  return { type: 'image', source: parseFileId(part, `${path}.image_url`), detail }
}

function parseFile(part: JsonRecord, path: string): Part {
  const filename = readText(part['filename']) ?? undefined
  for (const member of ['file_data', 'file_url']) {
    const url = readText(part[member])
    if (url !== null) return { type: 'document', source: parseMediaUrl(url, `${path}.${member}`), filename }
  }
  return { type: 'document', source: parseFileId(part, `${path}.file_data`), filename }
}

/** `path` is the member that could have stood in its place. */
function parseFileId(part: JsonRecord, path: string): MediaSource {
  const fileId = readText(part['file_id'])
  if (fileId === null) throw invalidField(path, 'a URL, or `file_id` beside it')
  return { kind: 'file', fileId }
}
