/**
 * A body as text that holds one octet a character. Long pieces that stay the same are put together without being copied,
 * as bytes cannot be.
 */
export class OctetText {
  readonly octets: string

  constructor(octets: string) {
    this.octets = octets
  }
}

/** The octets of a text in UTF-8. */
export function toOctets(text: string): string {
  return Buffer.byteLength(text) === text.length ? text : Buffer.from(text).toString('latin1')
}
