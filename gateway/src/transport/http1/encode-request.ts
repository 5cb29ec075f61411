import { NAME_OCTETS, VALUE_OCTETS } from '../../http1/octets.ts'
import type { UpstreamRequest } from '../transport.ts'
import { transportError, type UpstreamError } from './upstream-error.ts'

/** Set by the transport alone: a caller's value could contradict the frame that is really sent. */
const RESERVED = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/**
 * The octets of a request up to its body; with a body the text stops where the length's digits go. `host` may be
 * given by the caller and is added otherwise.
 *
 * @throws UpstreamError `UPSTREAM_INVALID_REQUEST` for anything that could break out of its line
 */
export function encodeRequestHead(request: UpstreamRequest, host: string): string {
  const { method, path, headers } = request
  if (!/^\/[\x21-\x7e]*$/.test(path)) throw invalid('The path is not a plain absolute path.')
  if (headers.length % 2 !== 0) throw invalid('The header list has a name without a value.')
  let text = ''
  let hostGiven = false
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] ?? ''
    const value = headers[at + 1] ?? ''
    const lowerName = checkedName(name)
    if (lowerName === 'host') {
      if (hostGiven) throw invalid('The host header is given twice.')
      hostGiven = true
    }
    if (!consistsOf(value, VALUE_OCTETS))
      throw invalid(`The value of header ${name} has a forbidden character.`)
    text += `${name}: ${value}\r\n`
  }
  const hostLine = hostGiven ? '' : `host: ${host}\r\n`
  const end = carriesLength(request) ? 'content-length: ' : '\r\n'
  return `${method} ${path} HTTP/1.1\r\n${hostLine}connection: keep-alive\r\n${text}${end}`
}

/** A POST without a body says so; other methods without one say nothing. */
export function carriesLength(request: UpstreamRequest): boolean {
  return request.body !== null || request.method === 'POST'
}

function checkedName(name: string): string {
  if (name === '' || !consistsOf(name, NAME_OCTETS)) throw invalid('A header name has a forbidden character.')
  const lowerName = name.toLowerCase()
  if (RESERVED.has(lowerName)) throw invalid(`The header ${lowerName} belongs to the transport.`)
  return lowerName
}

function consistsOf(text: string, octets: Uint8Array): boolean {
  for (let at = 0; at < text.length; at++) if (octets[text.charCodeAt(at)] !== 1) return false
  return true
}

function invalid(message: string): UpstreamError {
  return transportError('UPSTREAM_INVALID_REQUEST', message)
}
