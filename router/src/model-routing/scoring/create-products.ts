import type { FeatureRows, PointProduct, SlotPostings } from './point-product.ts'
import { createScalarPostingProduct, createScalarRowProduct } from './scalar-products.ts'
import { createSimdPostingProduct, createSimdRowProduct } from './simd-products.ts'

/** The fastest there is here. */
export function createRowProduct(rows: FeatureRows): PointProduct {
  return createSimdRowProduct(rows) ?? createScalarRowProduct(rows)
}

/** The fastest there is here. */
export function createPostingProduct(postings: SlotPostings): PointProduct {
  return createSimdPostingProduct(postings) ?? createScalarPostingProduct(postings)
}
