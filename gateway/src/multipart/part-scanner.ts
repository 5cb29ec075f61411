/** One part of a `multipart/form-data` body (RFC 7578): offsets into the body. */
export interface Part {
  readonly name: string
  /** Has a file name, so that its content is no form field. */
  readonly isFile: boolean
  /** As it was sent, directories included; null for fields, and where it is only given in another encoding. */
  readonly fileName: string | null
  /** Where its delimiter line begins. */
  readonly start: number
  readonly contentStart: number
  /** Null while the end has not arrived. */
  contentEnd: number | null
}

/** The head of a part: a few lines. */
const maxHeadBytes = 16_384
const maxParts = 10_000
const headEnd = Buffer.from('\r\n\r\n')

/** A body that is no multipart body, in words for the caller. */
export class MalformedMultipart extends Error {}

/**
 * Finds the parts of a multipart body that is still arriving. `scan` goes on where it stopped, so that a body in
 * many chunks costs no more than its length.
 */
export class PartScanner {
  readonly parts: Part[] = []
  /** The closing delimiter has been seen. */
  complete = false
  readonly #delimiter: Buffer
  /** Where to look next: for a delimiter, or for the head behind one. */
  #position = 0
  #partStart: number | null = null

  constructor(boundary: string) {
    this.#delimiter = Buffer.from(`--${boundary}`, 'latin1')
  }

  /** `bytes` is everything so far. Errors: throws MalformedMultipart. */
  scan(bytes: Buffer): void {
    while (!this.complete) {
      const moved =
        this.#partStart === null ? this.#findDelimiter(bytes) : this.#readHead(bytes, this.#partStart)
      if (!moved) return
    }
  }

  /** The text of a field whose end has arrived; null otherwise. */
  textOf(bytes: Buffer, { isFile, contentStart, contentEnd }: Part): string | null {
    return isFile || contentEnd === null ? null : bytes.toString('utf8', contentStart, contentEnd)
  }

  /** A delimiter stands at the beginning of a line; only then it is one. */
  #findDelimiter(bytes: Buffer): boolean {
    const found = bytes.indexOf(this.#delimiter, this.#position)
    if (found === -1) {
      this.#position = Math.max(this.#position, bytes.length - this.#delimiter.length - 2)
      if (this.parts.length === 0 && bytes.length > maxHeadBytes) throw new MalformedMultipart(noBoundary)
      return false
    }
    const after = found + this.#delimiter.length
    if (bytes.length < after + 2) {
      this.#position = found
      return false
    }
    const atLineStart = found === 0 || (bytes[found - 1] === 0x0a && bytes[found - 2] === 0x0d)
    const next = bytes.toString('latin1', after, after + 2)
    this.#position = after
    if (!atLineStart || (next !== '--' && next !== '\r\n')) return true
    const open = this.parts.at(-1)
    if (open !== undefined) open.contentEnd = found - 2
    this.complete = next === '--'
    if (!this.complete) this.#partStart = found
    return true
  }

  #readHead(bytes: Buffer, start: number): boolean {
    const end = bytes.indexOf(headEnd, this.#position)
    if (end === -1 || end - start > maxHeadBytes) {
      if (bytes.length - start > maxHeadBytes)
        throw new MalformedMultipart('A part of the form has no end of its head.')
      return false
    }
    if (this.parts.length >= maxParts)
      throw new MalformedMultipart(`The form has more than ${maxParts} parts.`)
    const head = bytes.toString('utf8', this.#position, end)
    const disposition = /^content-disposition:([^\r\n]*)/im.exec(head)?.[1] ?? ''
    const name = readParameter(disposition, 'name')
    if (name === null) throw new MalformedMultipart('A part of the form has no name.')
    const fileName = readParameter(disposition, 'filename')
    const isFile = fileName !== null || /;\s*filename\*=/i.test(disposition)
    const contentStart = end + headEnd.length
    this.parts.push({ name, isFile, fileName, start, contentStart, contentEnd: null })
    this.#partStart = null
    // The line break in front of the next delimiter may be the one that ended the head.
    this.#position = contentStart - 2
    return true
  }
}

const noBoundary = 'The body does not begin with the boundary that its Content-Type names.'

/** The boundary of a `multipart/form-data` content type; null for other types. Errors: throws MalformedMultipart. */
export function readBoundary(contentType: string): string | null {
  if (!/^multipart\/form-data\s*(?:;|$)/i.test(contentType)) return null
  const boundary = readParameter(contentType, 'boundary')
  if (boundary === null || boundary === '' || boundary.length > 200)
    throw new MalformedMultipart('The Content-Type names no boundary.')
  return boundary
}

function readParameter(header: string, name: string): string | null {
  const match = new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s]*))`, 'i').exec(header)
  if (match === null) return null
  return match[2] ?? (match[1] ?? '').replace(/\\(["\\])/g, '$1')
}
