import type { BlobCarrier } from '../../conversation/blob-carrier.ts'
import { type JsonRecord, readList, readRecord, readString, readText } from '../../conversation/json-value.ts'
import type { MediaSource, Part } from '../../conversation/part.ts'
import { joinThoughtCallId } from '../../conversation/thought-call-id.ts'
import { invalidField, requireRecord, requireString } from '../field-reader.ts'
import type { CallIds } from './call-ids.ts'
import { readMember, readRecordMember } from './read-member.ts'
import { unwrapSignature } from './thought-signature.ts'

/** What the parts of one history share. */
export interface Reading {
  readonly callIds: CallIds
  readonly carrier: BlobCarrier
}

/** One part of a content. Kinds this code does not know stay whole, for a provider of the same dialect. */
export function parsePart(value: unknown, reading: Reading, path: string): Part {
  if (typeof value === 'string') return { type: 'text', text: value }
  const part = requireRecord(value, path)
  const text = readString(part['text'])
  if (text !== null) return parseText(text, part, reading)
  const blob = readRecordMember(part, 'inlineData')
  if (blob !== null) return parseBlob(blob, `${path}.inlineData`)
  const file = readRecordMember(part, 'fileData')
  if (file !== null) return parseFile(file, `${path}.fileData`)
  const call = readRecordMember(part, 'functionCall')
  if (call !== null) return parseCall(call, part, reading, `${path}.functionCall`)
  const response = readRecordMember(part, 'functionResponse')
  if (response !== null) return parseResponse(response, reading, `${path}.functionResponse`)
  return { type: 'opaque', dialect: 'google-generate', value: part }
}

function parseText(text: string, part: JsonRecord, { carrier }: Reading): Part {
  if (part['thought'] !== true) return { type: 'text', text }
  const opened = unwrapSignature(readText(readMember(part, 'thoughtSignature')), carrier)
  if (opened?.form === 'redacted')
    return { type: 'reasoning', text: '', signature: null, redacted: opened.payload }
  return { type: 'reasoning', text, signature: opened?.payload ?? null, redacted: null }
}

function parseBlob(blob: JsonRecord, path: string): Part {
  const data = requireString(blob['data'], `${path}.data`)
  const mediaType = readText(readMember(blob, 'mimeType'))
  const [family, form = ''] = (mediaType ?? '').split(/[/;]/, 2)
  if (family === 'audio') return { type: 'audio', data: toPlainBase64(data), format: audioFormat(form) }
  return describeMedia(mediaType, { kind: 'base64', mediaType, data: toPlainBase64(data) }, blob)
}

/** The words of other dialects for recordings. */
function audioFormat(form: string): string {
  if (form === 'mpeg') return 'mp3'
  return form === 'x-wav' || form === 'wave' ? 'wav' : form
}

/** Bytes may come in the URL-safe alphabet. */
function toPlainBase64(data: string): string {
  return /[-_]/.test(data) ? data.replaceAll('-', '+').replaceAll('_', '/') : data
}

function parseFile(file: JsonRecord, path: string): Part {
  const uri = requireString(readMember(file, 'fileUri'), `${path}.fileUri`)
  const isAddress = /^(?:https?|gs):\/\//.test(uri)
  const source: MediaSource = isAddress ? { kind: 'url', url: uri } : { kind: 'file', fileId: uri }
  return describeMedia(readText(readMember(file, 'mimeType')), source, file)
}

function describeMedia(mediaType: string | null, source: MediaSource, from: JsonRecord): Part {
  if (mediaType?.startsWith('image/') === true) return { type: 'image', source }
  const filename = readText(readMember(from, 'displayName')) ?? undefined
  return { type: 'document', source, filename }
}

function parseCall(call: JsonRecord, part: JsonRecord, reading: Reading, path: string): Part {
  const name = requireString(call['name'], `${path}.name`)
  const args = call['args'] ?? {}
  if (readRecord(args) === null) throw invalidField(`${path}.args`, 'an object')
  const id = reading.callIds.call(name, readText(call['id']))
  return {
    type: 'tool-call',
    id: joinThoughtCallId(id, readText(readMember(part, 'thoughtSignature'))),
    name,
    kind: 'function',
    arguments: JSON.stringify(args),
  }
}

function parseResponse(response: JsonRecord, reading: Reading, path: string): Part {
  const name = requireString(response['name'], `${path}.name`)
  const body = requireRecord(response['response'] ?? {}, `${path}.response`)
  const media = readList(response['parts']).map((part, index) =>
    parsePart(part, reading, `${path}.parts[${index}]`),
  )
  const { text, isError } = readResponse(body)
  return {
    type: 'tool-result',
    toolCallId: reading.callIds.result(name, readText(response['id'])),
    parts: [{ type: 'text', text }, ...media],
    isError,
  }
}

/** `{output}` and `{error}` are the documented forms, `{result}` a common one; any other object is the result itself. */
function readResponse(body: JsonRecord): { readonly text: string; readonly isError: boolean } {
  const names = Object.keys(body)
  const [name] = names
  if (names.length !== 1 || name === undefined) return { text: JSON.stringify(body), isError: false }
  const value = body[name]
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  if (name === 'error') return { text, isError: true }
  if (name === 'output' || name === 'result') return { text, isError: false }
  return { text: JSON.stringify(body), isError: false }
}
