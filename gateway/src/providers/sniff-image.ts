const signatures: readonly (readonly [prefix: string, mediaType: string])[] = [
  ['89504e470d0a1a0a', 'image/png'],
  ['ffd8ff', 'image/jpeg'],
  ['47494638', 'image/gif'],
]

/** The media type the bytes of an image say, whatever its sender claimed; null for an unknown form. Input is base64. */
export function sniffImage(base64: string): string | null {
  const head = Buffer.from(base64.slice(0, 24), 'base64')
  const hex = head.toString('hex')
  const known = signatures.find(([prefix]) => hex.startsWith(prefix))
  if (known !== undefined) return known[1]
  const isWebp = head.toString('latin1', 0, 4) === 'RIFF' && head.toString('latin1', 8, 12) === 'WEBP'
  return isWebp ? 'image/webp' : null
}
