/** Bytes of the value types with a fixed length: true, false, byte, short, integer, long, timestamp, UUID. */
const fixedLengths: readonly (number | null)[] = [0, 0, 1, 2, 4, 8, null, null, 8, 16]
const textType = 7

/**
 * The text headers of one message of an AWS event stream; others are skipped. Null when the bytes do not add up.
 * Each is a length-prefixed name, a type, and a value that is prefixed with its length when the type has no fixed one.
 */
export function readEventHeaders(bytes: Buffer): ReadonlyMap<string, string> | null {
  const headers = new Map<string, string>()
  let at = 0
  while (at < bytes.length) {
    const nameEnd = at + 1 + bytes.readUInt8(at)
    if (nameEnd >= bytes.length) return null
    const type = bytes.readUInt8(nameEnd)
    const fixed = fixedLengths[type]
    if (fixed === undefined) return null
    const valueStart = nameEnd + (fixed === null ? 3 : 1)
    if (valueStart > bytes.length) return null
    const valueEnd = valueStart + (fixed ?? bytes.readUInt16BE(nameEnd + 1))
    if (valueEnd > bytes.length) return null
    if (type === textType) {
      headers.set(bytes.toString('utf8', at + 1, nameEnd), bytes.toString('utf8', valueStart, valueEnd))
    }
    at = valueEnd
  }
  return headers
}
