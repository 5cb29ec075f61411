import type { DocumentPart, ImagePart, MediaSource } from '../../conversation/part.ts'
import { sniffImage } from '../sniff-image.ts'
import type { Block, Encoding } from './encoding.ts'

export function encodeImage(part: ImagePart, encoding: Encoding): Block {
  return { type: 'image', source: encodeSource(part.source, 'image/png', encoding) }
}

/** A document block; an image sent as a file becomes an image, text a plain-text document. */
export function encodeDocument(part: DocumentPart, encoding: Encoding): Block {
  const { source, filename } = part
  const title = filename === undefined ? {} : { title: filename }
  if (source.kind === 'text') return { type: 'document', source: plainText(source.text), ...title }
  if (source.kind === 'base64' && source.mediaType?.startsWith('image/')) {
    return encodeImage({ type: 'image', source }, encoding)
  }
  if (source.kind === 'base64' && source.mediaType?.startsWith('text/')) {
    const text = Buffer.from(source.data, 'base64').toString('utf8')
    return { type: 'document', source: plainText(text), ...title }
  }
  return { type: 'document', source: encodeSource(source, 'application/pdf', encoding), ...title }
}

function plainText(data: string): Block {
  return { type: 'text', media_type: 'text/plain', data }
}

function encodeSource(source: MediaSource, fallbackType: string, encoding: Encoding): Block {
  switch (source.kind) {
    case 'url':
      return { type: 'url', url: source.url }
    case 'file':
      encoding.betas.add('files-api-2025-04-14')
      return { type: 'file', file_id: source.fileId }
    case 'text':
      return plainText(source.text)
    case 'base64': {
      const mediaType = sniffImage(source.data) ?? source.mediaType ?? fallbackType
      return { type: 'base64', media_type: mediaType, data: source.data }
    }
  }
}
