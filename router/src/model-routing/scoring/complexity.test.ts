import { describe, expect, it } from 'vitest'
import { FeatureExtractor } from '../features/features.ts'
import { plainShape } from '../features/structured.ts'
import { judgeComplexity } from './complexity.ts'

const judge = (ask: string) => judgeComplexity(new FeatureExtractor().extract(ask, plainShape))

describe('how demanding an ask is', () => {
  it.each([
    ['What is the capital of France?', 0, 'simple', 0, 0],
    ['First list the names, after that spell them; second, name one. Thanks!', 0, 'simple', 0, 0],
    ['1. one?\n2) two?\n10. three?\nthen', 0.123824, 'simple', 0, 0],
    ['function f() {\n}', 0.237941, 'medium', 0, 0],
    ['Why compare trade-offs, tradeoff and trade-off of strategy?', 0.319902, 'medium', 0, 6],
    ['think carefullyx, step by step', 0.179118, 'complex', 1, 0],
    ['Prove the theorem, then derive a counterexample.', 0.317696, 'reasoning', 4, 0],
  ])('%j', (ask, score, tier, strongReasoning, weakReasoning) => {
    const judged = judge(ask)
    expect(judged).toMatchObject({ tier, strongReasoning, weakReasoning })
    expect(judged.score).toBeCloseTo(score, 6)
  })

  it.each([
    // Whole words alone, but for those that go on as they like.
    ['Explain how concurrency and concurrent eigenvalues of an api_key, apis and an api differ', 0.272206],
    ['proven proofs reapi naïveapi api', 0.061029],
  ])('%j has words of the trade', (ask, score) => expect(judge(ask).score).toBeCloseTo(score, 6))
})
