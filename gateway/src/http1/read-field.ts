import { MalformedMessage } from './malformed-message.ts'
import { NAME_OCTETS, SPACE, TAB } from './octets.ts'

/**
 * Lines that end with CRLF and hold no control character but tabs. Said of what may stand there, because looking for what
 * may not takes three times as long: each octet is then held against several patterns.
 */
const LINES = /^(?:[\t -~\x80-\xff]*\r\n)*$/

/** Names found valid before, in lower case; clients and providers send the same few with every message. */
const knownNames = new Map<string, string>()
const MAX_KNOWN_NAMES = 1_000

/**
 * @param head latin1 text up to and including the empty line
 * @throws MalformedMessage when it holds what must never stand in one
 */
export function checkOctets(head: string): void {
  if (!LINES.test(head)) throw new MalformedMessage('a control character in its head')
}

/**
 * A field name in lower case, RFC 9110 §5.1.
 *
 * @throws MalformedMessage
 */
export function readFieldName(written: string): string {
  return knownNames.get(written) ?? learnName(written)
}

function learnName(written: string): string {
  if (written === '') throw new MalformedMessage('a header without a name')
  for (let at = 0; at < written.length; at++) {
    if (NAME_OCTETS[written.charCodeAt(at)] !== 1) throw new MalformedMessage('a malformed header line')
  }
  const name = written.toLowerCase()
  if (knownNames.size < MAX_KNOWN_NAMES) knownNames.set(written, name)
  return name
}

/** A field value without the blanks around it, RFC 9110 §5.5. */
export function readFieldValue(block: string, start: number, end: number): string {
  let first = start
  let last = end
  while (first < last && isBlank(block.charCodeAt(first))) first++
  while (last > first && isBlank(block.charCodeAt(last - 1))) last--
  return block.slice(first, last)
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB
}
