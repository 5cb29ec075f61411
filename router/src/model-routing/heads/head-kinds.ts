import { defaultStrategy, findStrategy } from '../scoring/strategy-catalogue.ts'
import { contrastHead } from './contrast-head.ts'
import { differenceHead } from './difference-head.ts'
import { eloHead } from './elo-head.ts'
import type { HeadKind } from './head.ts'
import { kmeansHead } from './kmeans-head.ts'
import { knnHead } from './knn-head.ts'
import { linearBanditHead } from './linear-bandit-head.ts'
import { mfHead } from './mf-head.ts'
import { mlpHead } from './mlp-head.ts'
import { svmHead } from './svm-head.ts'

/** Every strategy that learns, beside the default. */
export const headKinds: ReadonlyMap<string, HeadKind> = new Map(
  [
    knnHead,
    kmeansHead,
    eloHead,
    svmHead,
    mlpHead,
    mfHead,
    contrastHead,
    differenceHead,
    linearBanditHead,
  ].map((kind) => [kind.strategy, kind]),
)

/** Their names. */
export const trainableStrategies: readonly string[] = [...headKinds.keys()]

/** What is trained for a name of the catalogue; null when nothing is. */
export function trainedBy(name: string): string | null {
  const strategy = findStrategy(name)?.implementedBy ?? null
  if (strategy === null || strategy === defaultStrategy) return strategy
  if (strategy === 'llmrouter-threshold') return differenceHead.strategy
  return headKinds.has(strategy) ? strategy : null
}
