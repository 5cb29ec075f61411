import { marker } from './marker.ts'

/** Shorter values would match ordinary words. */
const minimumLength = 8

/**
 * The spellings under which a secret may appear: itself, inside a JSON string, URL-encoded (both cases of the hex
 * digits, and with `+` for a space), and inside base64 or base64url at each of the three byte alignments.
 */
export function listSecretForms(secret: string): string[] {
  if (secret.length < minimumLength || marker.includes(secret)) return []
  const encoded = percentEncode(secret)
  const forms = new Set([
    secret,
    JSON.stringify(secret).slice(1, -1),
    encoded,
    encoded.replace(/%[0-9A-F]{2}/g, (percent) => percent.toLowerCase()),
    encoded.replaceAll('%20', '+'),
    ...base64Forms(Buffer.from(secret, 'utf8')),
  ])
  return [...forms].filter((form) => form.length >= minimumLength)
}

function percentEncode(text: string): string {
  return encodeURIComponent(Buffer.from(text, 'utf8').toString('utf8'))
}

/** Base64 of any text that holds the bytes: only the characters that do not depend on their neighbours. */
function base64Forms(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((offset) => {
    const whole = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
    const stable = whole.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6))
    return [stable, stable.replaceAll('+', '-').replaceAll('/', '_')]
  })
}
