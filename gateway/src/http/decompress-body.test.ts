import { randomBytes } from 'node:crypto'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { decompressBody } from './decompress-body.ts'

const text = JSON.stringify({ model: 'é 𝄞', messages: ['x'.repeat(100)] })
const mebibyte = 1_048_576
const refused = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) })

describe('decompressBody', () => {
  it.each([
    ['gzip', gzipSync(text)],
    ['x-gzip', gzipSync(text)],
    [' GZIP ', gzipSync(text)],
    ['br', brotliCompressSync(text)],
    ['identity', Buffer.from(text)],
  ])('undoes %j', async (encoding, body) => {
    expect((await decompressBody(body, encoding, mebibyte)).toString()).toBe(text)
  })

  it.each(['deflate', 'gzip, br', 'zstd', '', 'constructor'])('refuses the encoding %j', async (encoding) => {
    await expect(decompressBody(deflateSync(text), encoding, mebibyte)).rejects.toEqual(
      refused('unsupported_media_type', /^Content-Encoding .*is not supported/),
    )
  })

  it.each([
    ['broken', Buffer.from('not gzip at all')],
    ['cut', gzipSync(text).subarray(0, -6)],
    ['empty', Buffer.alloc(0)],
  ])('refuses %s data', async (_, body) => {
    await expect(decompressBody(body, 'gzip', mebibyte)).rejects.toEqual(
      refused('invalid_request', /not valid gzip/),
    )
  })

  it('refuses what unfolds beyond the limit', async () => {
    const body = gzipSync(randomBytes(50_001).toString('hex').slice(1))
    expect((await decompressBody(body, 'gzip', 100_001)).length).toBe(100_001)
    await expect(decompressBody(body, 'gzip', 100_000)).rejects.toEqual(
      refused('request_too_large', /exceeds 100000 bytes/),
    )
  })

  it.each([
    ['gzip', gzipSync(Buffer.alloc(50 * mebibyte))],
    ['br', brotliCompressSync(Buffer.alloc(50 * mebibyte))],
  ])('refuses a %s bomb long before the limit', async (encoding, bomb) => {
    await expect(decompressBody(bomb, encoding, 500 * mebibyte)).rejects.toEqual(
      refused('request_too_large', new RegExp(`exceeds ${Math.max(65_536, bomb.length * 100)} bytes`)),
    )
  })
})
