export { controlDiscoveries } from './effectiveness/benjamini-hochberg.ts'
export type { StratifiedTest, Stratum } from './effectiveness/cochran-mantel-haenszel.ts'
export { type Comparison, compareVersions } from './effectiveness/compare.ts'
export {
  type Interval,
  newcombeInterval,
  type Proportion,
  wilsonInterval,
} from './effectiveness/intervals.ts'
export { modelFamilyOf } from './effectiveness/model-family.ts'
export {
  credibleInterval,
  estimatePrior,
  type JudgedCounts,
  lowerBound,
  modelPosterior,
  type Posterior,
  type Prior,
  posteriorMean,
  skillPosterior,
} from './effectiveness/posterior.ts'
export { computeSkillScore, type SkillScore, type SkillScoreEvidence } from './effectiveness/skill-score.ts'
export {
  buildEffectivenessSnapshot,
  type EffectivenessRow,
  type EffectivenessSnapshot,
  emptyEffectiveness,
  type SkillEffectiveness,
} from './effectiveness/snapshot.ts'
export { judgeTrend, type Trend, type TrendDetail, trendOf } from './effectiveness/trend.ts'
export {
  type BundleFiles,
  type BundleManifest,
  listBundleFiles,
  type OpenedBundle,
  openBundle,
  packBundle,
  signedText,
} from './model-routing/bundle/bundle-files.ts'
export { type GateReport, gateBundle } from './model-routing/bundle/gate-bundle.ts'
export type { AnswerFacts } from './model-routing/cascade/answer-facts.ts'
export type { CascadePlan } from './model-routing/cascade/cascade-plan.ts'
export { type ExpectedAnswer, findFault } from './model-routing/cascade/check-answer.ts'
export { chooseComparator, isSameAnswer } from './model-routing/cascade/compare-answers.ts'
export { keepsOwnAnswer } from './model-routing/cascade/self-verification.ts'
export { importBattles } from './model-routing/data/import-battles.ts'
export { importDecisions } from './model-routing/data/import-decisions.ts'
export { importLlmRouter } from './model-routing/data/import-llmrouter.ts'
export { importPairs } from './model-routing/data/import-pairs.ts'
export { importRouterBench } from './model-routing/data/import-routerbench.ts'
export { joinMatrices, MatrixError, readMatrix, writeMatrix } from './model-routing/data/read-matrix.ts'
export { type DecisionInput, decideModel, type ModelDecision } from './model-routing/decision/decide-model.ts'
export { type Exploration, explore } from './model-routing/decision/explore.ts'
export { type Hold, type HoldInput, holdPin } from './model-routing/decision/hold-pin.ts'
export { isProfile, type Profile, profiles, uncalibratedLambda } from './model-routing/decision/profiles.ts'
export { evaluateBundle } from './model-routing/evaluation/evaluate-bundle.ts'
export { evaluateSeeds, type Spread } from './model-routing/evaluation/evaluate-seeds.ts'
export {
  analyseExperiment,
  type ExperimentReport,
  type VariantOutcomes,
} from './model-routing/evaluation/experiment-analysis.ts'
export {
  evaluatePolicy,
  type LoggedOutcome,
  type PolicyValue,
} from './model-routing/evaluation/off-policy.ts'
export { bootstrapInterval } from './model-routing/evaluation/resample.ts'
export {
  type PromisedOutcome,
  type PromiseTest,
  retestPromise,
} from './model-routing/evaluation/retest-promise.ts'
export { FeatureExtractor, featureSpec } from './model-routing/features/features.ts'
export {
  restoreFeatures,
  type StoredFeatures,
  storeFeatures,
} from './model-routing/features/stored-features.ts'
export { plainShape, type RequestShape } from './model-routing/features/structured.ts'
export { trainableStrategies, trainedBy } from './model-routing/heads/head-kinds.ts'
export {
  type DriftState,
  driftWidening,
  earlierEpochShare,
  noDrift,
  trustInTraining,
  watchDrift,
} from './model-routing/online/drift.ts'
export { type OutcomeSums, Residuals } from './model-routing/online/residuals.ts'
export { RewardTable } from './model-routing/online/reward-table.ts'
export { agePreference, type PreferenceSums, userBias } from './model-routing/online/user-bias.ts'
export { complexExamples, simpleExamples } from './model-routing/scoring/centroid-examples.ts'
export type { Tier } from './model-routing/scoring/complexity.ts'
export { createScorer, type ScorerParts } from './model-routing/scoring/create-scorer.ts'
export type { AskExplanation } from './model-routing/scoring/explain-ask.ts'
export { gainOfShare } from './model-routing/scoring/gain-of-share.ts'
export {
  type JudgedAsk,
  type LiveState,
  type ModelInfo,
  noLiveState,
  type RemoteAdvice,
  type RouteContext,
  type Scores,
} from './model-routing/scoring/scorer.ts'
export { type SkillShift, shiftBySkills } from './model-routing/scoring/shift-by-skills.ts'
export { shiftQualities } from './model-routing/scoring/shift-qualities.ts'
export {
  canRun,
  defaultStrategy,
  findStrategy,
  isServedElsewhere,
  type StrategyEntry,
  strategyCatalogue,
} from './model-routing/scoring/strategy-catalogue.ts'
export type { TrainedParts } from './model-routing/scoring/trained-scorer.ts'
export { addModel } from './model-routing/training/add-model.ts'
export type { Guarantee } from './model-routing/training/fit-guarantee.ts'
export { fitVerification } from './model-routing/training/fit-verification.ts'
export type { OutcomeMatrix } from './model-routing/training/outcome-matrix.ts'
export { defaultBundleOptions, trainBundle } from './model-routing/training/train-bundle.ts'
export { type FeaturedMatrix, featureMatrix } from './model-routing/training/training-set.ts'
export type { Embedder } from './retrieval/dense/embedder.ts'
export { quantise } from './retrieval/dense/quantise.ts'
export { StaticEmbedder } from './retrieval/dense/static-embedder.ts'
export { VectorRows } from './retrieval/dense/vector-rows.ts'
export { defaultFusion, type FusionConstants } from './retrieval/fusion/gated.ts'
export { judgeRanking } from './retrieval/fusion/judge-ranking.ts'
export { type FusionTuning, type LabelledRequest, tuneFusion } from './retrieval/fusion/tune-fusion.ts'
export { IndexBuilder } from './retrieval/index-builder.ts'
export type { SearchOptions, SearchResult } from './retrieval/search-result.ts'
export type { SkillDocument } from './retrieval/skill-document.ts'
export { type Fusion, SkillIndex, type SkillIndexOptions } from './retrieval/skill-index.ts'
export { decideMenu } from './skill-routing/decide-menu.ts'
export { decideRoute, decideWithoutRanking, type RoutePolicy } from './skill-routing/decide-route.ts'
export type { Decision, DecisionRow } from './skill-routing/decision.ts'
export { createEligibleMenu, type EligibleMenu } from './skill-routing/eligible-menu.ts'
export { estimateTokens } from './skill-routing/estimate-tokens.ts'
export { compareNames, type MenuEntry, toMenuEntry } from './skill-routing/menu-entry.ts'
export { menuInstruction, renderRoutingHint } from './skill-routing/prompt-fragment.ts'
export { type Candidate, rankCandidates } from './skill-routing/rank-candidates.ts'
export { createSeededRandom } from './skill-routing/seeded-random.ts'
