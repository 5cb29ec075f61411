import type { AgreementCascade } from '../cascade/agreement.ts'
import type { Profile } from '../decision/profiles.ts'
import type { HeadWeights } from '../heads/head.ts'
import type { ClusterTable } from '../scoring/cluster-neighbours.ts'
import type { EnsembleWeights } from '../scoring/ensemble.ts'
import type { ShortfallCurve } from '../training/fit-guarantee.ts'

/** λ of a profile, and what it was measured to keep. */
export interface FittedProfile {
  readonly lambda: number
  readonly target: number
  readonly val_ratio: number
  readonly se: number
}

/** By profile; those that are missing have no λ of their own. */
type FittedProfiles = Readonly<Partial<Record<Profile, FittedProfile>>>

/** What training measured by cross-validation: of rows the model had not seen. */
export interface BundleMetrics {
  readonly quality_ratio: number
  readonly cost_saved: number
  readonly aiq: number
  readonly ece: number
}

/** The cascade that was best in training, by columns of the bundle. */
export interface TrainedCascade extends AgreementCascade {
  /** Share of asks that the two cheap models answered alike. */
  readonly agreed: number
  /** Quality and cost beside the strong model's alone, on the rows it was fitted to. */
  readonly ratio: number
  readonly saved: number
}

/** A strategy's own part of a bundle, beside the shared one. */
export interface TrainedHead {
  readonly weights: HeadWeights
  readonly profiles: FittedProfiles
  readonly metrics: BundleMetrics
  readonly shortfalls: ShortfallCurve
}

export interface RowName {
  readonly id: string
  readonly task: string | null
}

/** Everything a trained router consists of. */
export interface TrainedBundle {
  /** The first of the strategies that were trained. */
  readonly strategy: string
  readonly weights: EnsembleWeights
  readonly clusters: ClusterTable
  /** The training rows themselves, to explain a choice by; null where they were too many to keep. */
  readonly rows: HeadWeights | null
  /** What those rows are called, for explanations; null with them. */
  readonly rowNames: readonly RowName[] | null
  /** By strategy; the default needs none. */
  readonly heads: ReadonlyMap<string, TrainedHead>
  /** Null when the data does not tell what models answered, or no cascade kept the best model's quality. */
  readonly cascade: TrainedCascade | null
  /** Tokens of an answer, domains × models; null when the data does not tell. */
  readonly outputTokens: Float64Array | null
  readonly costRefUsd: number
  /** Of the default strategy. */
  readonly profiles: FittedProfiles
  /** Of the default strategy, for `mode: guarantee`. */
  readonly shortfalls: ShortfallCurve
  readonly noveltyThreshold: number
  readonly metrics: BundleMetrics
  readonly data: { readonly rows: number; readonly digest: string; readonly seed: number }
}
