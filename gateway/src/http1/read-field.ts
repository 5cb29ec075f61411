import { MalformedMessage } from './malformed-message.ts'
import { NAME_OCTETS, SPACE, TAB } from './octets.ts'

/** Control characters, and a carriage return or line feed that is not part of a CRLF. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is its purpose
const FORBIDDEN = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|[^\r]\n/

/** Names found valid before, in lower case; clients and providers send the same few with every message. */
const knownNames = new Map<string, string>()
const MAX_KNOWN_NAMES = 1_000

/** @throws MalformedMessage when a head holds what must never stand in one */
export function checkOctets(head: string): void {
  if (FORBIDDEN.test(head)) throw new MalformedMessage('a control character in its head')
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
