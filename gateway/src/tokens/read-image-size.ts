/** Pixels. */
export interface ImageSize {
  readonly width: number
  readonly height: number
}

/** Enough of a file for every format's size, JPEG with a large preview included. */
const headCharacters = 262_144

/** The size of a PNG, GIF, WebP or JPEG from its first bytes; null when they do not say. */
export function readImageSize(base64: string): ImageSize | null {
  const bytes = Buffer.from(base64.slice(0, headCharacters), 'base64')
  if (bytes.length < 26) return null
  if (bytes.readUInt32BE(0) === 0x89504e47) return size(bytes.readUInt32BE(16), bytes.readUInt32BE(20))
  if (bytes.toString('latin1', 0, 4) === 'GIF8') return size(bytes.readUInt16LE(6), bytes.readUInt16LE(8))
  if (bytes.toString('latin1', 8, 12) === 'WEBP') return readWebpSize(bytes)
  return bytes.readUInt16BE(0) === 0xffd8 ? readJpegSize(bytes) : null
}

/** WebP has three kinds of first chunk: lossy (RFC 6386), lossless and extended (WebP container specification). */
function readWebpSize(bytes: Buffer): ImageSize | null {
  if (bytes.length < 30) return null
  const chunk = bytes.toString('latin1', 12, 16)
  if (chunk === 'VP8 ') return size(bytes.readUInt16LE(26) & 0x3fff, bytes.readUInt16LE(28) & 0x3fff)
  if (chunk === 'VP8X') return size(bytes.readUIntLE(24, 3) + 1, bytes.readUIntLE(27, 3) + 1)
  if (chunk !== 'VP8L') return null
  const packed = bytes.readUInt32LE(21)
  return size((packed & 0x3fff) + 1, ((packed >> 14) & 0x3fff) + 1)
}

/** Walks the segments of a JPEG up to the frame header, whose marker is 0xC0…0xCF without C4, C8 and CC. */
function readJpegSize(bytes: Buffer): ImageSize | null {
  let at = 2
  while (at + 9 < bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1] ?? 0
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
    if (isFrame) return size(bytes.readUInt16BE(at + 7), bytes.readUInt16BE(at + 5))
    at += 2 + bytes.readUInt16BE(at + 2)
  }
  return null
}

function size(width: number, height: number): ImageSize | null {
  return width > 0 && height > 0 ? { width, height } : null
}
