/** One header line, its value as `headText` has it. */
export function headLine(name: string, value: string): string {
  return `${name}: ${headText(value)}\r\n`
}

/** The same text where it may stand in a header, else percent-encoded. */
export function headText(value: string): string {
  return isHeaderText(value) ? value : percentEncode(value)
}

/** Header lines of a flat name, value list. */
export function headLines(headers: readonly string[]): string {
  let lines = ''
  for (let at = 0; at < headers.length; at += 2) lines += headLine(headers[at] ?? '', headers[at + 1] ?? '')
  return lines
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
