import type { MediaSource, Part } from '../../../conversation/part.ts'

/** A part of a user's message or of a tool's output, null for one this wire has no form for. */
export function encodeInputPart(part: Part): Record<string, unknown> | null {
  switch (part.type) {
    case 'text':
      return { type: 'input_text', text: part.text }
    case 'image': {
      const detail = { detail: part.detail ?? 'auto' }
      if (part.source.kind === 'file') return { type: 'input_image', file_id: part.source.fileId, ...detail }
      const url = formatUrl(part.source, 'image/png')
      return url === null ? null : { type: 'input_image', image_url: url, ...detail }
    }
    case 'document':
      return encodeDocument(part.source, part.filename)
    case 'audio':
      return { type: 'input_audio', input_audio: { data: part.data, format: part.format } }
    default:
      return null
  }
}

function encodeDocument(source: MediaSource, filename: string | undefined): Record<string, unknown> | null {
  switch (source.kind) {
    case 'text':
      return { type: 'input_text', text: source.text }
    case 'file':
      return { type: 'input_file', file_id: source.fileId }
    case 'url':
      return { type: 'input_file', file_url: source.url }
    case 'base64': {
      const data = formatUrl(source, 'application/pdf')
      return { type: 'input_file', filename: filename ?? 'document.pdf', file_data: data }
    }
  }
}

function formatUrl(source: MediaSource, mediaType: string): string | null {
  if (source.kind === 'url') return source.url
  return source.kind === 'base64' ? `data:${source.mediaType ?? mediaType};base64,${source.data}` : null
}
