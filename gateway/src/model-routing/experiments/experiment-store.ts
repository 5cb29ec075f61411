import type { EvidenceRow } from '../choice-store.ts'
import type { ExperimentRecord, ExperimentState } from './experiment.ts'

/** How many units a variant had. */
interface ExposureCount {
  readonly variant: string
  readonly units: number
}

/** Experiments between strategies. Rejects with `storage_unavailable` when the database does not answer. */
export interface ExperimentStore {
  /** False when there is one with this id. */
  createExperiment(experiment: ExperimentRecord): Promise<boolean>
  findExperiment(id: string): Promise<ExperimentRecord | null>
  /** Newest first. */
  listExperiments(): Promise<readonly ExperimentRecord[]>
  /** False when it is in another state than it was. */
  updateExperiment(from: ExperimentState, experiment: ExperimentRecord): Promise<boolean>
  countExposures(id: string): Promise<readonly ExposureCount[]>
  /** The choices of units that were exposed, newest first. */
  listExperimentChoices(id: string, limit: number): Promise<readonly EvidenceRow[]>
}
