import type { CacheControl, MediaSource, Part } from '../../conversation/part.ts'

/** A content part of the chat wire, null for a part it has no form for. */
export function encodeContentPart(part: Part, keepsCacheControl: boolean): Record<string, unknown> | null {
  switch (part.type) {
    case 'text':
      return marked({ type: 'text', text: part.text }, part.cacheControl, keepsCacheControl)
    case 'image': {
      const url = sourceUrl(part.source, 'image/png')
      if (url === null) return null
      const image = part.detail === undefined ? { url } : { url, detail: part.detail }
      return marked({ type: 'image_url', image_url: image }, part.cacheControl, keepsCacheControl)
    }
    case 'document':
      if (part.source.kind === 'text') return { type: 'text', text: part.source.text }
      return marked(encodeFile(part.source, part.filename), part.cacheControl, keepsCacheControl)
    case 'audio':
      return { type: 'input_audio', input_audio: { data: part.data, format: part.format } }
    case 'opaque':
      return part.dialect === 'openai-chat' ? { ...part.value } : null
    default:
      return null
  }
}

function encodeFile(source: MediaSource, filename: string | undefined): Record<string, unknown> | null {
  if (source.kind === 'file') return { type: 'file', file: { file_id: source.fileId } }
  const data = sourceUrl(source, 'application/pdf')
  return data === null
    ? null
    : { type: 'file', file: { filename: filename ?? 'document.pdf', file_data: data } }
}

function sourceUrl(source: MediaSource, fallbackType: string): string | null {
  if (source.kind === 'url') return source.url
  return source.kind === 'base64' ? `data:${source.mediaType ?? fallbackType};base64,${source.data}` : null
}

function marked(
  part: Record<string, unknown> | null,
  cacheControl: CacheControl | undefined,
  keepsCacheControl: boolean,
): Record<string, unknown> | null {
  return part !== null && keepsCacheControl && cacheControl !== undefined
    ? { ...part, cache_control: cacheControl }
    : part
}
