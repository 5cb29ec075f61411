import type { MediaSource } from '../conversation/part.ts'
import { invalidField } from './field-reader.ts'

/** A `data:` URL as its bytes, any other as a reference. A bare base64 text has no scheme. */
export function parseMediaUrl(url: string, path: string): MediaSource {
  if (!url.startsWith('data:')) {
    const hasScheme = /^[a-z][a-z0-9+.-]{1,15}:\/\//i.test(url)
    return hasScheme ? { kind: 'url', url } : { kind: 'base64', mediaType: null, data: url }
  }
  const comma = url.indexOf(',')
  const head = comma === -1 ? '' : url.slice('data:'.length, comma)
  if (!head.endsWith(';base64')) throw invalidField(path, 'a base64 data URL')
  return { kind: 'base64', mediaType: head.split(';')[0] || null, data: url.slice(comma + 1) }
}
