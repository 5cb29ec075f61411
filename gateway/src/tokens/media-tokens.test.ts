import { describe, expect, it } from 'vitest'
import type { ImagePart } from '../conversation/part.ts'
import { countAudio, countDocument, countImage } from './media-tokens.ts'

function png(width: number, height: number): Buffer {
  const bytes = Buffer.alloc(64)
  bytes.writeUInt32BE(0x89504e47, 0)
  bytes.writeUInt32BE(width, 16)
  bytes.writeUInt32BE(height, 20)
  return bytes
}

function gif(width: number, height: number): Buffer {
  const bytes = Buffer.alloc(64)
  bytes.write('GIF89a', 0, 'latin1')
  bytes.writeUInt16LE(width, 6)
  bytes.writeUInt16LE(height, 8)
  return bytes
}

function jpeg(width: number, height: number): Buffer {
  const application = Buffer.concat([Buffer.from([0xff, 0xe0, 0, 18]), Buffer.alloc(16)])
  const frame = Buffer.alloc(40)
  frame.set([0xff, 0xc2, 0, 17, 8])
  frame.writeUInt16BE(height, 5)
  frame.writeUInt16BE(width, 7)
  return Buffer.concat([Buffer.from([0xff, 0xd8]), application, frame])
}

function webp(chunk: 'VP8 ' | 'VP8L' | 'VP8X', width: number, height: number): Buffer {
  const bytes = Buffer.alloc(64)
  bytes.write('RIFF0000WEBP', 0, 'latin1')
  bytes.write(chunk, 12, 'latin1')
  if (chunk === 'VP8 ') {
    bytes.writeUInt16LE(width, 26)
    bytes.writeUInt16LE(height, 28)
  } else if (chunk === 'VP8X') {
    bytes.writeUIntLE(width - 1, 24, 3)
    bytes.writeUIntLE(height - 1, 27, 3)
  } else bytes.writeUInt32LE(((height - 1) << 14) | (width - 1), 21)
  return bytes
}

const image = (bytes: Buffer, detail?: string): ImagePart => ({
  type: 'image',
  source: { kind: 'base64', mediaType: null, data: bytes.toString('base64') },
  ...(detail === undefined ? {} : { detail }),
})

describe('countImage', () => {
  it.each([
    ['gpt-4o', png(1024, 1024), 765],
    ['gpt-4o', png(2048, 4096), 1105],
    ['gpt-4o', png(200, 200), 255],
    ['gpt-4o-mini', png(1024, 1024), 2833 + 4 * 5667],
    ['o3', png(1024, 1024), 75 + 4 * 150],
    ['gpt-4.1-mini', png(1024, 1024), Math.ceil(1024 * 1.62)],
    ['gpt-5-nano', png(4000, 4000), Math.ceil(1536 * 2.46)],
  ])('follows the published rule of %s', (model, bytes, tokens) => {
    expect(countImage(image(bytes), 'openai', model)).toBe(tokens)
  })

  it('counts an image of low detail as its base', () => {
    expect(countImage(image(png(4000, 4000), 'low'), 'openai', 'openai/gpt-4o')).toBe(85)
  })

  it.each([
    ['PNG', png(750, 100)],
    ['GIF', gif(750, 100)],
    ['JPEG', jpeg(750, 100)],
    ['WebP, lossy', webp('VP8 ', 750, 100)],
    ['WebP, lossless', webp('VP8L', 750, 100)],
    ['WebP, extended', webp('VP8X', 750, 100)],
  ])('reads the size of a %s', (_, bytes) => {
    expect(countImage(image(bytes), 'claude', 'claude-sonnet-4-5')).toBe(100)
  })

  it('assumes an ordinary size where the bytes say nothing', () => {
    const url: ImagePart = { type: 'image', source: { kind: 'url', url: 'https://example.test/a.png' } }
    for (const part of [url, image(Buffer.from('no image at all, whatever it claims to be'))]) {
      expect(countImage(part, 'openai', 'gpt-4o')).toBe(765)
      expect(countImage(part, 'claude', 'claude')).toBe(1399)
      expect(countImage(part, 'gemini', 'gemini')).toBe(1032)
    }
  })

  it('never throws, however little there is', () => {
    for (const bytes of [png(9, 9), gif(9, 9), jpeg(9, 9), webp('VP8L', 9, 9)])
      for (let length = 0; length <= bytes.length; length += 1)
        expect(countImage(image(bytes.subarray(0, length)), 'other', '')).toBeGreaterThan(0)
  })
})

describe('countDocument', () => {
  const pdf = (pages: number): string =>
    Buffer.from(`%PDF-1.7 /Type /Pages ${'<< /Type /Page /Parent 1 0 R >> '.repeat(pages)}`).toString(
      'base64',
    )
  const part = (data: string) =>
    ({ type: 'document', source: { kind: 'base64', mediaType: 'application/pdf', data } }) as const

  it('counts pages', () => {
    expect(countDocument(part(pdf(3)), 'claude')).toBe(3 * 2250)
    expect(countDocument(part(pdf(3)), 'gemini')).toBe(3 * 258)
  })

  it('goes by size where the pages are compressed', () => {
    expect(countDocument(part(Buffer.alloc(600_000).toString('base64')), 'openai')).toBe(10 * 1500)
  })
})

describe('countAudio', () => {
  it('reads the byte rate of a WAVE file and assumes one for others', () => {
    const wave = Buffer.alloc(32_000 * 10)
    wave.write('RIFF', 0, 'latin1')
    wave.writeUInt32LE(32_000, 28)
    expect(countAudio(wave.toString('base64'), 'openai')).toBe(101)
    expect(countAudio(Buffer.alloc(16_000 * 10).toString('base64'), 'gemini')).toBe(321)
  })
})
