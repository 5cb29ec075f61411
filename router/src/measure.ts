/** What benchmarks need beside the decisions themselves: the pieces of training and evaluation. */
export { openEnsemble, openHead } from './model-routing/bundle/open-ensemble.ts'
export { readMatrix } from './model-routing/data/read-matrix.ts'
export { decideModel } from './model-routing/decision/decide-model.ts'
export { fitLambda } from './model-routing/evaluation/fit-lambda.ts'
export { averageImprovedQuality, calibrationError } from './model-routing/evaluation/measures.ts'
export { pool, predictRows } from './model-routing/evaluation/predictions.ts'
export { judge, lambdaGrid, pickAll } from './model-routing/evaluation/trade-off.ts'
export { createPoint, project } from './model-routing/features/feature-space.ts'
export { FeatureExtractor } from './model-routing/features/features.ts'
export { plainShape } from './model-routing/features/structured.ts'
export { earlierEpochShare, noDrift, trustInTraining, watchDrift } from './model-routing/online/drift.ts'
export { RewardTable } from './model-routing/online/reward-table.ts'
export { createBanditScorer } from './model-routing/scoring/bandit-scorer.ts'
export { KnnIndex } from './model-routing/scoring/knn-index.ts'
export { noLiveState } from './model-routing/scoring/scorer.ts'
export { createEnsembleScorer, createHeadScorer } from './model-routing/scoring/trained-scorer.ts'
export { replayCascade } from './model-routing/training/fit-cascade.ts'
export { fitGuarantee } from './model-routing/training/fit-guarantee.ts'
export { randomFrom, shuffled } from './model-routing/training/random.ts'
export {
  bestOf,
  defaultBundleOptions,
  trainAndValidate,
  trainBundle,
} from './model-routing/training/train-bundle.ts'
export { keepRows } from './model-routing/training/train-ensemble.ts'
export { featureMatrix, prepareTraining } from './model-routing/training/training-set.ts'
