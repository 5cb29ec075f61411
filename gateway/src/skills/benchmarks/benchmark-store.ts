import type { RunAggregate } from './aggregate-run.ts'
import type { CaseResult, SkippedCase, TriggerResult } from './run-benchmark.ts'

/** What was measured of one version of a skill, on one day; never changed. Times are epoch milliseconds. */
export interface BenchmarkRun {
  readonly id: string
  readonly skillId: string
  readonly versionId: string
  readonly versionNumber: number
  /** Run by the gateway itself; others never count towards what skills are ranked by. */
  readonly isVerified: boolean
  readonly model: string | null
  readonly runs: number
  readonly triggeredBy: string | null
  readonly report: BenchmarkReport
  /** The `eval.yaml` it was made with. */
  readonly suite: string | null
  readonly createdAt: number
}

interface BenchmarkReport {
  readonly aggregate: RunAggregate
  readonly results: readonly Partial<CaseResult>[]
  readonly triggers: readonly TriggerResult[]
  readonly skipped: readonly SkippedCase[]
}

/** Rejects with `storage_unavailable` when the database does not answer. */
export interface BenchmarkStore {
  add(workspaceId: string, run: Omit<BenchmarkRun, 'id' | 'createdAt'>): Promise<BenchmarkRun>
  /** The newest of a public skill or one of the workspace; verified ones before others. */
  findLatest(skillId: string): Promise<BenchmarkRun | null>
}
