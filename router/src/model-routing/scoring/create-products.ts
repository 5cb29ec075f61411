import type { FeatureRows, PointProduct, SlotPostings } from './point-product.ts'
import { createScalarPostingProduct, createScalarRowProduct } from './scalar-products.ts'
import { createSimdPostingProduct, createSimdRowProduct } from './simd-products.ts'

/** The fastest there is here. */
export function createRowProduct(rows: FeatureRows): PointProduct {
  return unlessRefused(() => createSimdRowProduct(rows)) ?? createScalarRowProduct(rows)
}

/** The fastest there is here. */
export function createPostingProduct(postings: SlotPostings): PointProduct {
  return unlessRefused(() => createSimdPostingProduct(postings)) ?? createScalarPostingProduct(postings)
}

/** Engines reserve gigabytes of addresses for a memory, more than some processes may have. */
function unlessRefused(create: () => PointProduct | null): PointProduct | null {
  try {
    return create()
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}
