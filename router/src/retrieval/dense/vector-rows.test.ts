import { describe, expect, it } from 'vitest'
import { createRandom } from '../make-skill.fixture.ts'
import { quantise } from './quantise.ts'
import { createSimdMemory, type RowMemory, ScalarMemory } from './row-memory.ts'
import { normalise } from './static-embedder.ts'
import { VectorRows } from './vector-rows.ts'

const dimensions = 48
const random = createRandom(5)

function makeVector(): Float32Array {
  const vector = Float32Array.from({ length: dimensions }, () => random() - 0.5)
  normalise(vector)
  return vector
}

function requireSimd(): RowMemory {
  const memory = createSimdMemory(dimensions)
  if (memory === null) throw new Error('Node has WebAssembly SIMD since version 16')
  return memory
}

describe('the dense scan', () => {
  it('gives the same products by SIMD as in JavaScript, to the greatest values', () => {
    const memories = [requireSimd(), new ScalarMemory(dimensions)]
    const rows = Int8Array.from({ length: 500 * dimensions }, () => Math.floor(random() * 255) - 127)
    rows.fill(-127, 0, dimensions)
    const query = Int8Array.from({ length: dimensions }, () => Math.floor(random() * 255) - 127)
    for (const greatest of [
      query,
      new Int8Array(dimensions).fill(127),
      new Int8Array(dimensions).fill(-127),
    ]) {
      const products = memories.map((memory) => {
        memory.reserve(500)
        memory.bytes.set(rows, memory.offsetOf(0))
        const some = Int32Array.from({ length: 40 }, (_, index) => (index * 37) % 500)
        return [
          [...memory.scan(greatest, 3, 490).slice(0, 490)],
          [...memory.gather(greatest, some, 40).slice(0, 40)],
        ]
      })
      expect(products[0]).toEqual(products[1])
    }
  })

  it('adds rows up by SIMD as in JavaScript', () => {
    const memories = [requireSimd(), new ScalarMemory(dimensions)]
    const rows = Int8Array.from({ length: 100 * dimensions }, () => Math.floor(random() * 255) - 127)
    const chosen = Int32Array.from({ length: 30 }, () => Math.floor(random() * 100))
    const shares = Float32Array.from(chosen, () => random() - 0.5)
    const [one, other] = memories.map((memory) => {
      memory.reserve(100)
      memory.bytes.set(rows, memory.offsetOf(0))
      const sum = new Float32Array(dimensions).fill(1)
      memory.addSum(chosen, shares, 30, sum)
      memory.addSum(chosen, shares, 0, sum)
      return sum
    })
    for (const [column, value] of one?.entries() ?? []) expect(value).toBeCloseTo(other?.[column] ?? 0, 3)
  })

  it('falls back where a row does not fill registers', () => {
    expect(createSimdMemory(20)).toBeNull()
    expect(new VectorRows(20).search(quantise(new Float32Array(20)), 3, null).slots).toEqual([])
  })
})

describe('VectorRows', () => {
  it('finds the nearest rows, over block borders, and their mean', () => {
    const rows = new VectorRows(dimensions)
    const vectors = Array.from({ length: 5000 }, makeVector)
    for (const [slot, vector] of vectors.entries()) rows.put(slot, vector)
    const query = quantise(vectors[4500] as Float32Array)
    const cosines = vectors.map((_, slot) => ({ slot, cosine: rows.cosine(slot, query) }))
    const best = [...cosines].sort((one, other) => other.cosine - one.cosine)
    const { slots, mean } = rows.search(query, 20, null)
    expect(slots).toEqual(best.slice(0, 20).map(({ slot }) => slot))
    expect(slots[0]).toBe(4500)
    expect(mean).toBeCloseTo(cosines.reduce((sum, { cosine }) => sum + cosine, 0) / 5000, 6)
    const isEven = (slot: number): boolean => slot % 2 === 0
    expect(rows.search(query, 20, isEven).slots.every(isEven)).toBe(true)
  })

  it('comes close to the true cosine', () => {
    const rows = new VectorRows(dimensions)
    const [one, other] = [makeVector(), makeVector()]
    rows.put(0, one)
    const exact = one.reduce((sum, value, column) => sum + value * (other[column] as number), 0)
    expect(rows.cosine(0, quantise(other))).toBeCloseTo(exact, 1.9)
  })

  it('forgets what is deleted, and finds nothing by a vector of zeros', () => {
    const rows = new VectorRows(dimensions)
    rows.put(0, makeVector())
    rows.put(1, new Float32Array(dimensions))
    expect(rows.has(1)).toBe(false)
    expect(rows.search(quantise(new Float32Array(dimensions)), 5, null)).toEqual({ slots: [], mean: 0 })
    rows.delete(0)
    rows.delete(99)
    expect(rows.search(quantise(makeVector()), 5, null).slots).toEqual([])
    expect(rows.cosine(0, quantise(makeVector()))).toBe(0)
  })
})
