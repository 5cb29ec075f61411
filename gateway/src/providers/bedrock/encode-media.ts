import type { DocumentPart, MediaSource } from '../../conversation/part.ts'
import { refuse } from '../refuse.ts'
import { sniffImage } from '../sniff-image.ts'
import type { Block, Encoding } from './encoding.ts'

/** An image of the request, or one in S3. Others would have to be fetched and are refused. */
export function encodeImage(source: MediaSource, encoding: Encoding): Block | null {
  if (source.kind === 'base64') {
    const type = sniffImage(source.data) ?? source.mediaType ?? 'image/png'
    const format = type === 'image/jpg' ? 'jpeg' : type.slice(type.indexOf('/') + 1)
    return { image: { format, source: { bytes: source.data } } }
  }
  const location = findS3Location(source)
  if (location !== null) return { image: { format: imageFormat(location), source: s3Source(location) } }
  refuse('messages[].content[].image_url', encoding)
  return null
}

const documentFormats: Readonly<Record<string, string>> = {
  'application/pdf': 'pdf',
  'text/csv': 'csv',
  'text/html': 'html',
  'text/markdown': 'md',
  'application/msword': 'doc',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/vnd.ms-excel': 'xls',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
}

export function encodeDocument(part: DocumentPart, encoding: Encoding): Block | null {
  const { source, filename } = part
  if (source.kind === 'base64' && source.mediaType?.startsWith('image/')) return encodeImage(source, encoding)
  const name = documentName(filename, ++encoding.documents)
  if (source.kind === 'text') {
    const bytes = Buffer.from(source.text).toString('base64')
    return { document: { format: 'txt', name, source: { bytes } } }
  }
  if (source.kind === 'base64') {
    const type = source.mediaType ?? 'application/pdf'
    const format = documentFormats[type] ?? (type.startsWith('text/') ? 'txt' : 'pdf')
    return { document: { format, name, source: { bytes: source.data } } }
  }
  const location = findS3Location(source)
  if (location !== null) return { document: { format: 'pdf', name, source: s3Source(location) } }
  refuse('messages[].content[].file', encoding)
  return null
}

/** Letters, digits, single spaces, hyphens, parentheses and brackets; different for each document. */
function documentName(filename: string | undefined, number: number): string {
  const stem = (filename ?? '').replace(/\.\w+$/, '').replaceAll(/[^A-Za-z0-9()[\]-]+/g, ' ')
  return `${stem.slice(0, 150).trim()} ${number}`.trim().replace(/^(\d+)$/, 'document $1')
}

function findS3Location(source: MediaSource): string | null {
  const uri = source.kind === 'url' ? source.url : source.kind === 'file' ? source.fileId : ''
  return uri.startsWith('s3://') ? uri : null
}

function s3Source(uri: string): Block {
  return { s3Location: { uri } }
}

function imageFormat(uri: string): string {
  const extension = /\.(png|gif|webp)$/i.exec(uri)?.[1]
  return extension === undefined ? 'jpeg' : extension.toLowerCase()
}
