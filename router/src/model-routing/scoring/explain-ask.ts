import type { TrainedBundle } from '../bundle/trained-bundle.ts'
import { createPoint, project } from '../features/feature-space.ts'
import type { Features } from '../features/features.ts'
import { hashBigram, hashedSize, hashToken } from '../features/hash-tokens.ts'
import { openRows } from '../heads/training-rows.ts'
import { fullWidth } from '../training/design.ts'
import { defaultKnn, KnnIndex } from './knn-index.ts'

const mostFeatures = 8
const mostNeighbours = 5
const mostTokens = 600
const mask = hashedSize - 1

/** Why one model was expected to do better than another: the words that moved the difference most, and training asks like this one. */
export interface AskExplanation {
  readonly features: readonly { readonly feature: string; readonly contribution: number }[]
  readonly neighbours: readonly { readonly id: string; readonly task: string | null; readonly sim: number }[]
}

/** For questions only: it reads the text again, and searches the rows. Columns are those of the bundle. */
export function explainAsk(
  bundle: TrainedBundle,
  features: Features,
  selected: number,
  other: number,
): AskExplanation {
  const point = createPoint(Math.max(1, features.size))
  project(features, bundle.weights.space, point)
  return {
    features: rankTokens(bundle, features.text, point, selected, other),
    neighbours: findNeighbours(bundle, point),
  }
}

type Point = ReturnType<typeof createPoint>

function rankTokens(
  { weights }: TrainedBundle,
  text: string,
  { slots, values, size }: Point,
  selected: number,
  other: number,
): AskExplanation['features'] {
  const stride = weights.columns.length / fullWidth
  const weightOf = (slot: number, model: number): number => weights.columns[slot * stride + model] as number
  const bySlot = new Map<number, number>()
  for (let index = 0; index < size; index++) {
    const slot = slots[index] as number
    const gain = weightOf(slot, selected) - weightOf(slot, other)
    bySlot.set(slot, weights.shares.ridge * (values[index] as number) * gain)
  }
  const named = [...nameSlots(text)].map(([slot, feature]) => ({
    feature,
    contribution: bySlot.get(slot) ?? 0,
  }))
  named.sort((left, right) => Math.abs(right.contribution) - Math.abs(left.contribution))
  return named.slice(0, mostFeatures).filter(({ contribution }) => contribution !== 0)
}

/** Slot → the first word, or pair of words, of the text that falls into it. */
function nameSlots(text: string): ReadonlyMap<number, string> {
  const names = new Map<number, string>()
  const add = (hash: number, name: string): void => {
    const slot = hash & mask
    if (!names.has(slot)) names.set(slot, name)
  }
  let before: string | null = null
  for (const token of (text.match(/\p{L}+|\p{N}|[^\s]/gu) ?? []).slice(0, mostTokens)) {
    add(hashToken(token), token)
    if (before !== null) add(hashBigram(before, token), `${before} ${token}`)
    before = token
  }
  return names
}

function findNeighbours(
  { rows, rowNames, weights }: TrainedBundle,
  point: Point,
): AskExplanation['neighbours'] {
  if (rows === null || rowNames === null) return []
  const opened = openRows(rows, weights.models.length, weights.meanScores, defaultKnn)
  const options = { ...defaultKnn, neighbours: mostNeighbours }
  const found = new KnnIndex(opened.postings, opened.size, options).search(point)
  const temperature = defaultKnn.temperature
  const largest = Math.max(...found.weights.subarray(0, found.size))
  return Array.from(found.rows.subarray(0, found.size), (row, at) => ({
    ...(rowNames[row] ?? { id: `${row}`, task: null }),
    // Weights are exp(temperature · (similarity − the largest)).
    sim: found.maxSimilarity + Math.log((found.weights[at] as number) / largest) / temperature,
  })).sort((left, right) => right.sim - left.sim)
}
