import type { ServerResponse } from 'node:http'

/** Up to here head and body leave as one string in one write; beyond, copying costs more than it saves. */
const oneWriteBytes = 65_536

/**
 * Completes an answer whose head has been written with `writeHead` but not sent: adds ready-made header lines
 * (`name: value\r\n…`) and the body, and ends it. Node checks and joins headers one by one and sends head and body
 * as a vector, which together cost more than all other work of a small answer; here lines that are the same for
 * every request of a deployment are checked once, and everything leaves in one write. It relies on Node keeping
 * the unsent head in `_header`; where that is not so, the lines are left out and the body is sent the usual way.
 */
export function endAnswer(response: ServerResponse, lines: string, body: Buffer): void {
  const small = body.length <= oneWriteBytes
  const appended = appendToHead(response, small ? `${lines}\r\n${body.toString('latin1')}` : `${lines}\r\n`)
  if (small && appended) response.end()
  else response.end(body)
}

/** Adds header lines to a head that has been written but not sent. */
export function appendHeadLines(response: ServerResponse, lines: string): void {
  if (lines !== '') appendToHead(response, `${lines}\r\n`)
}

/** Puts text in the place of the empty line that ends the head. */
function appendToHead(response: ServerResponse, text: string): boolean {
  const holder = response as unknown as { _header: unknown }
  const head = holder._header
  if (response.headersSent === false || typeof head !== 'string' || !head.endsWith('\r\n\r\n')) return false
  holder._header = head.slice(0, -2) + text
  return true
}

/** One header line. Text that may not stand in a header is percent-encoded. */
export function headLine(name: string, value: string): string {
  return `${name}: ${isHeaderText(value) ? value : percentEncode(value)}\r\n`
}

/** By way of bytes, because encodeURIComponent refuses half a surrogate pair. */
function percentEncode(value: string): string {
  return encodeURIComponent(Buffer.from(value).toString('utf8'))
}

/** Printable ASCII only, so that no line can end early. */
function isHeaderText(value: string): boolean {
  for (let index = 0; index < value.length; index += 1) {
    const code = value.charCodeAt(index)
    if (code < 0x20 || code > 0x7e) return false
  }
  return true
}
