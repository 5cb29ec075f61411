import { MalformedMessage } from '../../http1/malformed-message.ts'
import { checkOctets, readFieldName, readFieldValue } from '../../http1/read-field.ts'

/** `bodyLength` of a request whose body is in chunks. */
export const CHUNKED_BODY = -1

/** Lower-case names; a repeated field is joined by `, `, except that of those in `singleFields` the first counts. */
export type RequestHeaders = Readonly<Record<string, string | undefined>>

/** Request line and header lines of one request and what they say about its frame. */
export interface RequestHead {
  readonly method: string
  readonly target: string
  /** The request is HTTP/1.0. */
  readonly oldVersion: boolean
  readonly headers: RequestHeaders
  readonly headerCount: number
  /** Characters of the longest header value, the length aside. */
  readonly longestValue: number
  /** Octets of body, or `CHUNKED_BODY`. The header itself is left out, so that heads can be known again without it. */
  readonly bodyLength: number
  /** Where the digits of the length stand in the text; both 0 without a length. */
  readonly lengthStart: number
  readonly lengthEnd: number
  /** The client lets the connection carry another request. */
  readonly keepAlive: boolean
  readonly expectsContinue: boolean
}

const TARGET = /^[\x21-\x7e]+$/
const METHOD = /^[A-Z]{1,20}$/

/** Fields of which a second one is not joined to the first: who sends two means one. */
const singleFields: ReadonlySet<string> = new Set([
  'authorization',
  'content-type',
  'from',
  'max-forwards',
  'proxy-authorization',
  'referer',
  'set-cookie',
  'user-agent',
])

/**
 * Reads the head of one request, RFC 9112 §3 to §6, strictly: CRLF only, no folded lines, no space before the
 * colon, one meaning of the body's length. A proxy in front and this server must never disagree about where a
 * request ends, so everything that two readers could read in two ways is refused.
 *
 * @param block latin1 text up to and including the empty line
 * @throws MalformedMessage
 */
export function parseRequestHead(block: string): RequestHead {
  checkOctets(block)
  const lineEnd = block.indexOf('\r\n')
  const methodEnd = block.indexOf(' ')
  const targetEnd = block.indexOf(' ', methodEnd + 1)
  if (methodEnd < 1 || targetEnd <= methodEnd + 1 || targetEnd > lineEnd) refuse('no HTTP/1.x request line')
  const method = block.slice(0, methodEnd)
  const target = block.slice(methodEnd + 1, targetEnd)
  const version = block.slice(targetEnd + 1, lineEnd)
  if (version !== 'HTTP/1.1' && version !== 'HTTP/1.0') refuse('no HTTP/1.x request line')
  if (!METHOD.test(method) || !TARGET.test(target)) refuse('a malformed request line')
  const oldVersion = version === 'HTTP/1.0'
  const { headers, headerCount, longestValue, length, lengthStart, lengthEnd } = readFields(
    block,
    lineEnd + 2,
  )
  return {
    method,
    target,
    oldVersion,
    headers,
    headerCount,
    longestValue,
    lengthStart,
    lengthEnd,
    bodyLength: readBodyLength(headers['transfer-encoding'], length, oldVersion),
    keepAlive: readKeepAlive(headers['connection'], oldVersion),
    expectsContinue: headers['expect']?.toLowerCase() === '100-continue',
  }
}

/** The same head with a body of another length. Written out, because spreading an object costs as much as sending it. */
export function withBodyLength(head: RequestHead, bodyLength: number): RequestHead {
  return {
    method: head.method,
    target: head.target,
    oldVersion: head.oldVersion,
    headers: head.headers,
    headerCount: head.headerCount,
    longestValue: head.longestValue,
    lengthStart: head.lengthStart,
    lengthEnd: head.lengthEnd,
    bodyLength,
    keepAlive: head.keepAlive,
    expectsContinue: head.expectsContinue,
  }
}

function refuse(what: string): never {
  throw new MalformedMessage(what)
}

interface Fields {
  readonly headers: Record<string, string>
  headerCount: number
  longestValue: number
  length: string | undefined
  lengthStart: number
  lengthEnd: number
}

function readFields(block: string, start: number): Fields {
  const headers: Record<string, string> = Object.create(null)
  const fields: Fields = {
    headers,
    headerCount: 0,
    longestValue: 0,
    length: undefined,
    lengthStart: 0,
    lengthEnd: 0,
  }
  const end = block.length - 2
  for (let at = start; at < end; ) at = readField(block, at, fields)
  return fields
}

/** Adds the line at `start` and returns where the next line starts. */
function readField(block: string, start: number, fields: Fields): number {
  const end = block.indexOf('\r\n', start)
  const colon = block.indexOf(':', start)
  if (colon === -1 || colon > end) refuse('a malformed header line')
  const written = block.slice(start, colon)
  const value = readFieldValue(block, colon + 1, end)
  fields.headerCount += 1
  const name = readFieldName(written)
  if (name === 'content-length') setLength(fields, value, block.indexOf(value, colon))
  else {
    if (value.length > fields.longestValue) fields.longestValue = value.length
    addField(fields.headers, name, value)
  }
  return end + 2
}

function setLength(fields: Fields, value: string, start: number): void {
  if (fields.length !== undefined) refuse('more than one content-length header')
  fields.length = value
  fields.lengthStart = start
  fields.lengthEnd = start + value.length
}

function addField(headers: Record<string, string>, name: string, value: string): void {
  const earlier = headers[name]
  if (earlier === undefined) headers[name] = value
  else if (name === 'host' || name === 'transfer-encoding') refuse(`more than one ${name} header`)
  else if (!singleFields.has(name)) headers[name] = `${earlier}, ${value}`
}

function readBodyLength(coding: string | undefined, length: string | undefined, oldVersion: boolean): number {
  if (coding !== undefined) {
    // RFC 9112 §6.1 calls both headers together a likely attack; other codings nobody behind us would undo.
    if (length !== undefined) refuse('both a content length and a transfer coding')
    if (oldVersion || coding.toLowerCase() !== 'chunked') refuse('a transfer coding that is not understood')
    return CHUNKED_BODY
  }
  if (length === undefined) return 0
  if (!/^[0-9]{1,15}$/.test(length)) refuse('a malformed content length')
  return Number(length)
}

function readKeepAlive(connection: string | undefined, oldVersion: boolean): boolean {
  if (connection === undefined) return !oldVersion
  if (connection === 'keep-alive') return true
  const options = connection.toLowerCase().split(',')
  const has = (wanted: string): boolean => options.some((option) => option.trim() === wanted)
  return oldVersion ? has('keep-alive') : !has('close')
}
