import { describe, expect, it } from 'vitest'
import { encodeEmbeddings } from './embedding-encoding.ts'

function encode(answer: unknown, space?: number): { data: { embedding: unknown; index: number }[] } {
  return JSON.parse(encodeEmbeddings(Buffer.from(JSON.stringify(answer, null, space))).toString())
}

describe('encodeEmbeddings', () => {
  it.each([undefined, 1])('turns floats into little-endian float32 in base64 (indent %s)', (space) => {
    const vectors = [[0, 1, -2.5, 3.4028234663852886e38], []]
    const data = vectors.map((embedding, index) => ({ object: 'embedding', index, embedding }))
    const encoded = encode({ object: 'list', data, model: 'm', usage: { prompt_tokens: 3 } }, space)
    expect(encoded).toMatchObject({ object: 'list', model: 'm', usage: { prompt_tokens: 3 } })
    const decoded = encoded.data.map(({ embedding }) => {
      const bytes = Buffer.from(embedding as string, 'base64')
      return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4))
    })
    expect(decoded).toEqual(vectors)
  })

  it.each([
    '{"data":[{"embedding":"AAAA"}]}',
    '{"data":{"embedding":[1]}}',
    '{"error":"no"}',
    'not json',
    '',
  ])('leaves %s as it is', (text) => {
    const body = Buffer.from(text)
    expect(encodeEmbeddings(body)).toBe(body)
  })

  it('keeps items that are encoded already', () => {
    const data = [
      { index: 0, embedding: 'AAAA' },
      { index: 1, embedding: [0] },
    ]
    expect(encode({ data }).data.map((item) => item.embedding)).toEqual(['AAAA', 'AAAAAA=='])
  })
})
