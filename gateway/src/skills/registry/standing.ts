/** What people compare public skills by. Null is unknown, which is not zero. */
export interface Standing {
  /** 0 to 1. */
  readonly skillScore: number | null
  readonly scoreComponents: unknown
  /** Of judged activations in workspaces that share their evidence. */
  readonly passRate: number | null
  readonly effectiveness: number | null
  readonly trend: string | null
  readonly byModel: unknown
  /** Of the last verified benchmark, in points. */
  readonly improvementPts: number | null
  /** The same, in percent of the run without the skill; below zero is less. */
  readonly tokensDeltaPct: number | null
  readonly turnsDeltaPct: number | null
  readonly lift: number | null
  readonly activations30d: number
  /** Copies and links. */
  readonly installCount: number
  readonly ratingAvg: number | null
  readonly ratingCount: number
}
