/** Octets of the HTTP grammar that the parsers compare with. */
export const TAB = 0x09
export const LINE_FEED = 0x0a
export const CARRIAGE_RETURN = 0x0d
export const SPACE = 0x20
export const SEMICOLON = 0x3b

function octetSet(accept: (octet: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, octet) => (accept(octet) ? 1 : 0))
}

/** 1 where the octet may stand in a header name (RFC 9110 §5.6.2 `token`). */
export const NAME_OCTETS = octetSet((octet) => /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(octet)))

/** 1 where the octet may stand in a header value (RFC 9110 §5.5): tab, visible ASCII, space and obs-text. */
export const VALUE_OCTETS = octetSet((octet) => octet === TAB || (octet >= SPACE && octet !== 0x7f))
