import { describe, expect, it, vi } from 'vitest'
import { createPoint, type Point } from '../features/feature-space.ts'
import { hashedSize } from '../features/hash-tokens.ts'
import { structuredSize } from '../features/structured.ts'
import { randomFrom } from '../training/random.ts'
import { createRowProduct } from './create-products.ts'
import type { PointProduct } from './point-product.ts'
import { createScalarPostingProduct, createScalarRowProduct } from './scalar-products.ts'
import { createSimdPostingProduct, createSimdRowProduct } from './simd-products.ts'

const seeded = randomFrom(7)
const random = (): number => seeded.next()
const signed = (): number => random() - 0.5

function makePoint(size: number): Point {
  const point = createPoint(size)
  point.size = size
  for (let index = 0; index < size; index++) {
    point.slots[index] = Math.floor(random() * hashedSize)
    point.values[index] = signed()
  }
  point.structured.forEach((_, index) => {
    point.structured[index] = index % 3 === 0 ? 0 : 6 * signed()
  })
  return point
}

/** More than are handed over at a time, too, and the first one again. */
function makePoints(): Point[] {
  const points = [0, 1, 300, 1_004, 1_005, 1_024, 2_500].map(makePoint)
  return [...points, ...points.slice(1, 2)]
}

function requireSimd(product: PointProduct | null): PointProduct {
  if (product === null) throw new Error('Node has WebAssembly SIMD since version 16')
  return product
}

const bitsOf = (product: PointProduct, points: readonly Point[]): number[][] =>
  points.map((point) => [...product.multiply(point)])

describe('products of points', () => {
  it.each([1, 3, 16, 31, 200])('with rows of %i columns are by SIMD as in JavaScript', (width) => {
    const values = Float32Array.from({ length: (hashedSize + structuredSize + 1) * width }, signed)
    const points = makePoints()
    const bits = bitsOf(requireSimd(createSimdRowProduct({ values, width })), points)
    expect(bits).toEqual(bitsOf(createScalarRowProduct({ values, width }), points))
  })

  it.each([1, 5, 256])('with postings of %i columns are by SIMD as in JavaScript', (width) => {
    const sizes = Array.from({ length: hashedSize }, () => Math.floor(random() * Math.min(9, width + 1)))
    const starts = new Int32Array(hashedSize + 1)
    sizes.forEach((size, slot) => {
      starts[slot + 1] = (starts[slot] as number) + size
    })
    const length = starts[hashedSize] as number
    const columns = Uint16Array.from({ length }, () => Math.floor(random() * width))
    const postings = { starts, columns, values: Float32Array.from({ length }, signed), width }
    const points = makePoints()
    const bits = bitsOf(requireSimd(createSimdPostingProduct(postings)), points)
    expect(bits).toEqual(bitsOf(createScalarPostingProduct(postings), points))
  })

  it('are in JavaScript where a process may not reserve what WebAssembly asks for', () => {
    const refused = vi.spyOn(WebAssembly, 'Memory').mockImplementation(function refuse() {
      throw new RangeError('could not allocate memory')
    })
    const values = Float32Array.from({ length: hashedSize + structuredSize + 1 }, signed)
    const product = createRowProduct({ values, width: 1 })
    expect(refused).toHaveBeenCalled()
    refused.mockRestore()
    const points = makePoints()
    expect(bitsOf(product, points)).toEqual(bitsOf(createScalarRowProduct({ values, width: 1 }), points))
  })
})
