import { describe, expect, it } from 'vitest'
import { openBundle, packBundle } from '../bundle/bundle-files.ts'
import { openEnsemble, openHead } from '../bundle/open-ensemble.ts'
import { createPoint, project } from '../features/feature-space.ts'
import { FeatureExtractor } from '../features/features.ts'
import { fnvOf } from '../features/hash-tokens.ts'
import { plainShape } from '../features/structured.ts'
import type { Predictor } from '../scoring/ensemble.ts'
import { addModel } from './add-model.ts'
import type { OutcomeMatrix } from './outcome-matrix.ts'
import { randomFrom } from './random.ts'
import { defaultBundleOptions, trainBundle } from './train-bundle.ts'
import { featureMatrix } from './training-set.ts'

const subjects = 'oak pine birch maple cedar willow larch elm ash fir hazel rowan'.split(' ')
const poem = (index: number): string =>
  `write a gentle poem of three verses in rhymes about the ${subjects[index % 12]}`
const proof = (index: number): string =>
  `prove by induction the theorem on integrals and matrices of ${subjects[index % 12]}`
const sha256 = (text: string): string => fnvOf(text).toString(16).padStart(16, '0')

/** How often each model does well on a poem, and on a proof. */
const chances = { small: [0.9, 0.1], large: [0.5, 0.9], fresh: [0.1, 0.95] } as const

function drawMatrix(models: readonly (keyof typeof chances)[], rows: number, seed: number): OutcomeMatrix {
  const random = randomFrom(seed)
  return {
    models,
    rows: Array.from({ length: rows }, (_, index) => {
      const isPoem = index % 2 === 0
      return {
        ...{
          id: `${index}`,
          task: isPoem ? 'poems' : 'proofs',
          features: null,
          answers: null,
          weights: null,
        },
        prompt: isPoem ? poem(index >> 1) : proof(index >> 1),
        scores: models.map((model) => (random.next() < chances[model][isPoem ? 0 : 1] ? 1 : 0)),
        costs: models.map((model) => (model === 'small' ? 0.0001 : 0.01)),
        outputTokens: models.map((model) => (model === 'fresh' ? 700 : 100)),
      }
    }),
  }
}

const known = featureMatrix(drawMatrix(['small', 'large'], 160, 1))
const trained = trainBundle(known, [...known.matrix.rows.keys()], {
  ...defaultBundleOptions,
  strategies: ['llmrouter-auto', 'llmrouter-knn', 'llmrouter-kmeans', 'llmrouter-elo'],
})
const probed = featureMatrix(drawMatrix(['fresh'], 60, 2))

function predict(predictor: Predictor, text: string): number[] {
  const point = createPoint()
  project(new FeatureExtractor().extract(text, plainShape), predictor.weights.space, point)
  return [...predictor.predict(point).quality]
}

describe('a model added from probes', () => {
  const { bundle, dropped } = addModel(trained, probed, 'fresh')
  const stamp = { createdAt: '', createdBy: 'test', goldenAsks: [poem(1), proof(2)], parent: 'rb_before' }
  const { manifest, bundle: opened } = openBundle(packBundle(bundle, stamp, sha256), sha256)

  it('is known by what it made of them, in every strategy that can take it up', () => {
    expect(manifest).toMatchObject({ parent: 'rb_before' })
    expect(manifest.models.map(({ name }) => name)).toEqual(['small', 'large', 'fresh'])
    for (const predictor of [
      openEnsemble(opened),
      openHead(opened, 'llmrouter-knn'),
      openHead(opened, 'llmrouter-kmeans'),
      openHead(opened, 'llmrouter-kmeans', { alpha: 1 }),
    ]) {
      const [ofPoem, ofProof] = [predict(predictor, poem(3)), predict(predictor, proof(3))]
      expect(ofPoem).toHaveLength(3)
      expect((ofProof[2] ?? 0) - (ofPoem[2] ?? 0)).toBeGreaterThan(0.25)
    }
  })

  it('is not taken for what models of its price are good at', () => {
    const cheap = featureMatrix({
      ...probed.matrix,
      rows: probed.matrix.rows.map((row) => ({ ...row, costs: [0.0001] })),
    })
    // The only model of that price is good at poems, this one at proofs.
    const ensemble = openEnsemble(addModel(trained, cheap, 'fresh').bundle)
    expect((predict(ensemble, proof(3))[2] ?? 0) - (predict(ensemble, poem(3))[2] ?? 0)).toBeGreaterThan(0.25)
  })

  it('changes nothing of what is said of the others', () => {
    for (const ask of [poem(4), proof(5)]) {
      predict(openEnsemble(trained), ask).forEach((quality, at) => {
        expect(predict(openEnsemble(opened), ask)[at]).toBeCloseTo(quality, 6)
      })
      predict(openHead(trained, 'llmrouter-kmeans'), ask).forEach((quality, at) => {
        expect(predict(openHead(opened, 'llmrouter-kmeans'), ask)[at]).toBeCloseTo(quality, 6)
      })
    }
  })

  it('writes as long answers as it did', () => {
    const width = opened.weights.models.length
    const tokens = [...(opened.outputTokens ?? [])].filter((_, at) => at % width === 2)
    for (const own of tokens) expect(own).toBeCloseTo(700, 0)
  })

  it('keeps what is priced by λ, and no promise that was not measured', () => {
    expect(opened.profiles).toEqual(trained.profiles)
    expect(opened.costRefUsd).toBe(trained.costRefUsd)
    expect(opened.shortfalls.rows).toBe(0)
    expect(dropped).toEqual(['llmrouter-elo'])
  })

  it('is refused where it is known, unnamed, or hardly tried', () => {
    expect(() => addModel(bundle, probed, 'fresh')).toThrow('knows fresh already')
    expect(() => addModel(trained, probed, 'other')).toThrow('the data is about fresh, not other')
    const few = { ...probed, matrix: { ...probed.matrix, rows: probed.matrix.rows.slice(0, 49) } }
    expect(() => addModel(trained, few, 'fresh')).toThrow('tried on 49 asks; at least 50')
  })
})
