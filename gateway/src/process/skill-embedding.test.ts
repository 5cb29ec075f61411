import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { findSkillEmbedding } from './skill-embedding.ts'

const file = new URL('../../../router/embedding/skill-embedding.bin', import.meta.url)

describe('the embedding table', () => {
  it('is the one that was measured, and small', () => {
    const [expected] = readFileSync(new URL('skill-embedding.sha256', file), 'utf8').split(' ')
    expect(createHash('sha256').update(readFileSync(file)).digest('hex')).toBe(expected)
    expect(statSync(file).size).toBeLessThan(16 * 2 ** 20)
  })

  it('brings texts together that mean the same in other words', () => {
    const embedder = findSkillEmbedding()()
    const vectors = [
      'will it rain tomorrow',
      'weather forecast',
      'price of bitcoin',
      'cryptocurrency quotes',
    ].map((text) => {
      const vector = new Float32Array(embedder.dimensions)
      embedder.embed(text, vector)
      return vector
    })
    const cosine = (one: number, other: number): number =>
      (vectors[one] as Float32Array).reduce(
        (sum, value, index) => sum + value * (vectors[other]?.[index] ?? 0),
        0,
      )
    expect(cosine(0, 1)).toBeGreaterThan(cosine(0, 2) + 0.3)
    expect(cosine(2, 3)).toBeGreaterThan(cosine(1, 3) + 0.3)
  })
})
