import { describe, expect, it } from 'vitest'
import { createRandom } from '../make-skill.fixture.ts'
import { quantise } from './quantise.ts'
import { Rotation } from './rotation.ts'
import { SignCodes } from './sign-codes.ts'
import { normalise } from './static-embedder.ts'
import { VectorRows } from './vector-rows.ts'

const dimensions = 128
const rowCount = 6003
const random = createRandom(11)

/** Texts gather around subjects, as those of skills do. */
const subjects = Array.from({ length: 60 }, () =>
  Float32Array.from({ length: dimensions }, () => random() - 0.5),
)
function makeVector(): Float32Array {
  const subject = subjects[Math.floor(random() * subjects.length)] as Float32Array
  const vector = subject.map((value) => value + 1.6 * (random() - 0.5))
  normalise(vector)
  return vector
}

const vectors = Array.from({ length: rowCount }, makeVector)
const rows = new VectorRows(dimensions)
for (const [slot, vector] of vectors.entries()) rows.put(slot, vector)

/** The true order of all slots that are accepted. */
function rankAll(query: Float32Array, accepts: (slot: number) => boolean, of: VectorRows = rows): number[] {
  const cosines = vectors.map((_, slot) => of.cosine(slot, quantise(query)))
  const slots = [...cosines.keys()].filter((slot) => accepts(slot) && (cosines[slot] as number) > 0)
  return slots.sort((one, other) => (cosines[other] as number) - (cosines[one] as number))
}

function measureRecall(depth: number, accepts: ((slot: number) => boolean) | null): number {
  let found = 0
  for (let round = 0; round < 20; round++) {
    const query = makeVector()
    const true50 = rankAll(query, accepts ?? (() => true)).slice(0, depth)
    const slots = new Set(rows.search(quantise(query), depth, accepts).slots)
    found += true50.filter((slot) => slots.has(slot)).length / true50.length / 20
  }
  return found
}

describe('Rotation', () => {
  it('keeps products, and mixes dimensions that are no power of two in parts', () => {
    for (const size of [64, 96, 384]) {
      const rotation = Rotation.create(size)
      const [one, other] = [0, 1].map(() => Int8Array.from({ length: size }, () => random() * 255 - 127))
      const multiply = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
        Array.from(a).reduce((sum, value, column) => sum + value * (b[column] as number), 0)
      const turned = [...(rotation?.turn(one as Int8Array, 0) ?? [])]
      const width = size & -size
      const product = multiply(turned, rotation?.turn(other as Int8Array, 0) as Int32Array)
      expect(product).toBe(width * multiply(one as Int8Array, other as Int8Array))
    }
    expect(Rotation.create(48)).toBeNull()
  })
})

describe('SignCodes', () => {
  it('estimates in the order of what the signs of a turned row and the query multiply to', () => {
    const codes = SignCodes.create(32)
    const rotation = Rotation.create(32)
    const values = Array.from({ length: 40 }, () =>
      Int8Array.from({ length: 32 }, () => random() * 255 - 127),
    )
    for (const [row, of] of values.entries()) codes?.put(row, of, 0)
    const query = values[7] as Int8Array
    codes?.estimate(query)
    const turned = [...(rotation?.turn(query, 0) ?? [])]
    const products = values.map((of) =>
      [...(rotation?.turn(of, 0) ?? [])].reduce(
        (sum, value, column) => sum + (value > 0 ? 1 : -1) * (turned[column] as number),
        0,
      ),
    )
    const chosen = [...(codes?.choose(10) ?? [])]
    const least = Math.min(...chosen.map((row) => products[row] as number))
    const left = products.filter((_, row) => !chosen.includes(row))
    const step = turned.reduce((sum, value) => sum + Math.abs(value), 0) / 20
    expect(chosen).toContain(7)
    expect(chosen.length).toBeGreaterThan(5)
    expect(Math.max(...left)).toBeLessThan(least + step)
    expect(codes?.choose(0)).toHaveLength(0)
    // The eight rows that fill the last block up are counted, and taken out again.
    expect(codes?.choose(48)).toEqual(Int32Array.from({ length: 40 }, (_, row) => row))
  })

  it('is not made for dimensions that do not suit', () => {
    expect(SignCodes.create(48)).toBeNull()
    expect(SignCodes.create(20)).toBeNull()
    expect(SignCodes.create(8192)).toBeNull()
  })
})

describe('a search of many rows', () => {
  it('finds nearly all that comparing every row finds, and the first for certain', () => {
    expect(measureRecall(50, null)).toBeGreaterThan(0.97)
    expect(measureRecall(5, null)).toBeCloseTo(1, 9)
  })

  it('finds as much among the few that are accepted', () => {
    for (const share of [2, 10, 1000])
      expect(measureRecall(20, (slot) => slot % share === 0)).toBeGreaterThan(0.97)
  })

  it('compares all where rows are too much alike to choose', () => {
    const alike = new VectorRows(dimensions)
    const one = makeVector()
    for (let slot = 0; slot < rowCount; slot++) alike.put(slot, one)
    const { slots } = alike.search(quantise(one), 5, null)
    expect(slots).toEqual([0, 1, 2, 3, 4])
  })

  it('follows edits', () => {
    const edited = new VectorRows(dimensions)
    for (const [slot, vector] of vectors.entries()) edited.put(slot, vector)
    const query = makeVector()
    const first = rankAll(query, () => true, edited)[0] as number
    edited.delete(first)
    expect(edited.search(quantise(query), 5, null).slots).not.toContain(first)
    edited.put(first, query)
    expect(edited.search(quantise(query), 5, null).slots[0]).toBe(first)
  })
})
