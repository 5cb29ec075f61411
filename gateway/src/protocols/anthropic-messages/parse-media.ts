import { type JsonRecord, readList, readString, readText } from '../../conversation/json-value.ts'
import type { MediaSource, Part } from '../../conversation/part.ts'
import { cacheMark } from '../cache-mark.ts'
import { invalidField, requireRecord, requireString } from '../field-reader.ts'

export function parseImage(block: JsonRecord, path: string): Part {
  const source = requireRecord(block['source'], `${path}.source`)
  return { type: 'image', source: parseSource(source, `${path}.source`), ...cacheMark(block) }
}

/** A document; the remark that may come with it stands before it, the parts it may consist of stand in its place. */
export function parseDocument(block: JsonRecord, path: string): readonly Part[] {
  const source = requireRecord(block['source'], `${path}.source`)
  const context = readText(block['context'])
  const remark: Part[] = context === null ? [] : [{ type: 'text', text: context }]
  if (source['type'] === 'content')
    return [...remark, ...parseContents(source['content'], `${path}.source.content`)]
  const filename = readText(block['title']) ?? undefined
  const parsed = parseSource(source, `${path}.source`)
  return [...remark, { type: 'document', source: parsed, filename, ...cacheMark(block) }]
}

/** The text and images a document of the `content` form is made of. */
function parseContents(content: unknown, path: string): Part[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  return readList(content).map((value, index) => {
    const at = `${path}[${index}]`
    const block = requireRecord(value, at)
    return block['type'] === 'image'
      ? parseImage(block, at)
      : { type: 'text', text: requireString(block['text'], `${at}.text`) }
  })
}

/** A search result the caller found itself: a document with its source above its text. */
export function parseSearchResult(block: JsonRecord): Part {
  const texts = readList(block['content']).map((part) => readText((part as JsonRecord | null)?.['text']))
  const lines = [readText(block['title']), readText(block['source']), ...texts]
  const text = lines.filter((line) => line !== null).join('\n')
  return { type: 'document', source: { kind: 'text', text }, ...cacheMark(block) }
}

function parseSource(source: JsonRecord, path: string): MediaSource {
  switch (requireString(source['type'], `${path}.type`)) {
    case 'base64':
      return {
        kind: 'base64',
        mediaType: readString(source['media_type']),
        data: requireString(source['data'], `${path}.data`),
      }
    case 'url':
      return { kind: 'url', url: requireString(source['url'], `${path}.url`) }
    case 'file':
      return { kind: 'file', fileId: requireString(source['file_id'], `${path}.file_id`) }
    case 'text':
      return { kind: 'text', text: requireString(source['data'], `${path}.data`) }
    default:
      throw invalidField(`${path}.type`, 'one of base64, url, file, text, content')
  }
}
