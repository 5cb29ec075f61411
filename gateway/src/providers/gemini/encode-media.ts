import type { DocumentPart, ImagePart, MediaSource } from '../../conversation/part.ts'
import { sniffImage } from '../sniff-image.ts'
import type { Body } from './encoding.ts'

const typesByExtension = new Map<string, string>(
  Object.entries({
    png: 'image/png',
    jpg: 'image/jpeg',
    jpeg: 'image/jpeg',
    webp: 'image/webp',
    gif: 'image/gif',
    heic: 'image/heic',
    heif: 'image/heif',
    pdf: 'application/pdf',
    txt: 'text/plain',
    mp3: 'audio/mp3',
    wav: 'audio/wav',
    mp4: 'video/mp4',
  }),
)

export function encodeImage({ source }: ImagePart): Body {
  return encodeSource(source, 'image/png')
}

export function encodeDocument({ source }: DocumentPart): Body {
  return encodeSource(source, 'application/pdf')
}

/** Bytes go inline, everything with an address as a file the provider reads itself. */
function encodeSource(source: MediaSource, fallbackType: string): Body {
  switch (source.kind) {
    case 'text':
      return { text: source.text }
    case 'base64': {
      const mimeType = sniffImage(source.data) ?? source.mediaType ?? fallbackType
      return { inlineData: { mimeType, data: source.data } }
    }
    case 'url':
      return { fileData: { mimeType: guessType(source.url) ?? fallbackType, fileUri: source.url } }
    case 'file': {
      const mimeType = guessType(source.fileId)
      return { fileData: { ...(mimeType === null ? {} : { mimeType }), fileUri: source.fileId } }
    }
  }
}

/** Bytes of a recording; `format` is the chat dialect's (`wav`, `mp3`) or a media type. */
export function encodeAudio(data: string, format: string): Body {
  return { inlineData: { mimeType: format.includes('/') ? format : `audio/${format}`, data } }
}

function guessType(address: string): string | null {
  const path = address.split(/[?#]/, 1)[0] ?? ''
  return typesByExtension.get(path.slice(path.lastIndexOf('.') + 1).toLowerCase()) ?? null
}
