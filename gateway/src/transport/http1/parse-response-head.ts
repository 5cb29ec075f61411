import { HeaderFields } from '../../http1/header-fields.ts'
import { CARRIAGE_RETURN, SPACE } from '../../http1/octets.ts'
import { checkOctets, readFieldName, readFieldValue } from '../../http1/read-field.ts'
import { transportError } from './upstream-error.ts'

/** `bodyLength` of an answer whose body is in chunks. */
export const CHUNKED_BODY = -1
/** `bodyLength` of an answer whose body ends with the connection. */
export const BODY_UNTIL_CLOSE = -2

/** Status and headers of one answer and what they say about its frame. */
export interface ResponseHead {
  readonly status: number
  /** Duplicates joined by `, `, without `set-cookie`. */
  readonly headers: HeaderFields
  /** Octets of body, or `CHUNKED_BODY` or `BODY_UNTIL_CLOSE`. */
  readonly bodyLength: number
  /** The server lets the connection carry another request. */
  readonly keepAlive: boolean
}

/**
 * Reads the status line and header lines of one answer, RFC 9112 §4 to §6, strictly: CRLF only, no folded
 * lines, no space before the colon, one meaning of the body's length.
 *
 * @param block latin1 text up to and including the empty line
 * @throws UpstreamError `UPSTREAM_PROTOCOL`
 */
export function parseResponseHead(block: string): ResponseHead {
  const status = parseStatus(block)
  checkOctets(block)
  const headers = new HeaderFields()
  const end = block.length - 2
  let at = block.indexOf('\r\n', 12) + 2
  while (at < end) at = readHeader(block, at, headers)
  const oldVersion = block.charCodeAt(7) === 0x30
  const bodyLength = bodyLengthOf(status, headers, oldVersion)
  return {
    status,
    headers,
    bodyLength,
    keepAlive: bodyLength !== BODY_UNTIL_CLOSE && !oldVersion && !asksToClose(headers.get('connection')),
  }
}

function refuse(reason: string): never {
  throw transportError('UPSTREAM_PROTOCOL', `The upstream sent ${reason}.`)
}

function parseStatus(block: string): number {
  const version = block.charCodeAt(7)
  if (!block.startsWith('HTTP/1.') || (version !== 0x30 && version !== 0x31))
    refuse('no HTTP/1.x status line')
  if (block.charCodeAt(8) !== SPACE) refuse('a malformed status line')
  let status = 0
  for (let at = 9; at < 12; at++) {
    const digit = block.charCodeAt(at) - 0x30
    if (!(digit >= 0 && digit <= 9)) refuse('a malformed status code')
    status = status * 10 + digit
  }
  const next = block.charCodeAt(12)
  if (status < 100 || (next !== SPACE && next !== CARRIAGE_RETURN)) refuse('a malformed status code')
  return status
}

/** Adds the line at `start` to the record and returns where the next line starts. */
function readHeader(block: string, start: number, headers: HeaderFields): number {
  const end = block.indexOf('\r\n', start)
  const colon = block.indexOf(':', start)
  if (colon === -1 || colon > end) refuse('a malformed header line')
  const written = block.slice(start, colon)
  addHeader(headers, readFieldName(written), readFieldValue(block, colon + 1, end))
  return end + 2
}

function addHeader(headers: HeaderFields, name: string, value: string): void {
  if (name === 'set-cookie') return
  const at = headers.names.indexOf(name)
  if (at === -1) {
    headers.add(name, value)
  } else if (name === 'content-length') {
    if (headers.values[at] !== value) refuse('two different content lengths')
  } else {
    headers.values[at] = `${headers.values[at]}, ${value}`
  }
}

function bodyLengthOf(status: number, headers: HeaderFields, oldVersion: boolean): number {
  const coding = headers.get('transfer-encoding')
  const length = headers.get('content-length')
  if (coding !== undefined) {
    // RFC 9112 §6.1 allows either reading of both headers together and calls it a likely attack: refused.
    if (length !== undefined) refuse('both a content length and a transfer coding')
    // Other codings are refused, not passed on: nobody behind us would undo them.
    if (oldVersion || coding.toLowerCase() !== 'chunked') refuse('a transfer coding that is not understood')
  }
  const declared = length === undefined ? BODY_UNTIL_CLOSE : parseLength(length)
  if (status < 200 || status === 204 || status === 304) return 0
  return coding === undefined ? declared : CHUNKED_BODY
}

function parseLength(text: string): number {
  if (!/^[0-9]{1,15}$/.test(text)) refuse('a malformed content length')
  return Number(text)
}

function asksToClose(connection: string | undefined): boolean {
  if (connection === undefined || connection === 'keep-alive') return false
  return connection
    .toLowerCase()
    .split(',')
    .some((option) => option.trim() === 'close')
}
