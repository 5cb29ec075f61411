import type { Profile } from '../decision/profiles.ts'
import type { ClusterTable } from '../scoring/cluster-neighbours.ts'
import type { EnsembleWeights } from '../scoring/ensemble.ts'

/** λ of a profile, and what it was measured to keep. */
export interface FittedProfile {
  readonly lambda: number
  readonly target: number
  readonly val_ratio: number
  readonly se: number
}

/** What training measured by cross-validation: of rows the model had not seen. */
export interface BundleMetrics {
  readonly quality_ratio: number
  readonly cost_saved: number
  readonly aiq: number
  readonly ece: number
}

/** Everything a trained router consists of. */
export interface TrainedBundle {
  readonly strategy: string
  readonly weights: EnsembleWeights
  readonly clusters: ClusterTable
  /** Tokens of an answer, domains × models; null when the data does not tell. */
  readonly outputTokens: Float64Array | null
  readonly costRefUsd: number
  readonly profiles: Readonly<Partial<Record<Profile, FittedProfile>>>
  readonly noveltyThreshold: number
  readonly metrics: BundleMetrics
  readonly data: { readonly rows: number; readonly digest: string; readonly seed: number }
}
