import { describe, expect, it } from 'vitest'
import { StaticEmbedder } from './static-embedder.ts'

/** A table of the given rows in the format of the shipped one. */
function makeTable(rows: Record<string, readonly number[]>): Uint8Array<ArrayBuffer> {
  const encode = (text: string): number[] => [...text].map((character) => character.charCodeAt(0))
  const pad = (bytes: readonly number[]): number[] => [
    ...bytes,
    ...new Array<number>(-bytes.length & 3).fill(10),
  ]
  const words = encode(Object.keys(rows).join('\n'))
  const table = Int8Array.from(Object.values(rows).flat())
  const scales = new Float32Array(Object.keys(rows).length).fill(0.5)
  const dimensions = Object.values(rows)[0]?.length ?? 0
  const header = encode(
    JSON.stringify({ id: 'test', dimensions, rows: scales.length, vocabularyBytes: words.length }),
  )
  const start = [...encode('RQE1'), ...new Uint8Array(Uint32Array.of(header.length).buffer), ...header]
  return Uint8Array.from([
    ...pad(start),
    ...pad(words),
    ...new Uint8Array(scales.buffer),
    ...new Uint8Array(table.buffer),
  ])
}

const file = makeTable({
  rain: [4, 0, 0],
  sun: [0, 4, 0],
  un: [9, 9, 9],
  '##bow': [0, 0, 4],
  '##fall': [0, 2, 0],
})
const embedder = new StaticEmbedder(file)

function embed(text: string): number[] {
  const vector = new Float32Array(3)
  embedder.embed(text, vector)
  return [...vector].map((value) => Math.round(value * 100) / 100)
}

describe('StaticEmbedder', () => {
  it('says what it is', () => {
    expect([embedder.id, embedder.dimensions]).toEqual(['test', 3])
  })

  it('adds up words to length 1', () => {
    expect(embed('Rain')).toEqual([1, 0, 0])
    expect(embed('rain, sun!')).toEqual([0.71, 0.71, 0])
  })

  it('puts unknown words together from pieces, each piece a share of one word', () => {
    expect(embed('rainbow')).toEqual([0.71, 0, 0.71])
    expect(embed('rainfall sun')).toEqual([0.37, 0.93, 0])
  })

  it.each(['', '天気', '🎉', 'rain2bow', '12345', 'zzz', 'rainzzz'])('has no direction for %j', (text) => {
    expect(embed(text)).toEqual([0, 0, 0])
  })

  it('reads a table inside a larger buffer', () => {
    const larger = new Uint8Array(file.length + 12)
    larger.set(file, 8)
    const vector = new Float32Array(3)
    new StaticEmbedder(larger.subarray(8, 8 + file.length)).embed('sun', vector)
    expect([...vector]).toEqual([0, 1, 0])
  })

  it('refuses what is no table', () => {
    expect(() => new StaticEmbedder(new Uint8Array(64))).toThrow('does not begin with RQE1')
    expect(() => new StaticEmbedder(file.slice(0, -1))).toThrow('cut off')
  })
})
