import type { ModelSeries } from '../telemetry/metrics/model-series.ts'
import type { RequestTarget, TargetNotes } from '../telemetry/request-record.ts'

/** The names that deployments of one model at one place have in common, and what the first request made of them. */
export class DeploymentNames implements TargetNotes {
  readonly group: string
  readonly provider: string
  readonly upstreamModel: string
  readonly apiBase: string
  readonly regionName: string | null
  /** In the head of every answer, behind the id and up to the end of a line. */
  headLines: string | null = null
  /** The upstream model as a JSON string. */
  quotedModel: Buffer | null = null
  judgedAt: number | null = null
  isClean = false
  series: ModelSeries | null = null

  constructor(
    names: Pick<DeploymentNames, 'group' | 'provider' | 'upstreamModel' | 'apiBase' | 'regionName'>,
  ) {
    this.group = names.group
    this.provider = names.provider
    this.upstreamModel = names.upstreamModel
    this.apiBase = names.apiBase
    this.regionName = names.regionName
  }
}

/**
 * A deployment as records name it. Of thousands nothing but the id is read from memory of their own, which is far away for a
 * request: the rest is in names they share, and what is made of the id is made of the id itself.
 */
export class DeploymentTarget implements RequestTarget {
  readonly deploymentId: string
  readonly names: DeploymentNames
  /** The id as a header has it; null before the first answer. */
  headId: string | null = null
  cleanAt: number | null = null

  constructor(deploymentId: string, names: DeploymentNames) {
    this.deploymentId = deploymentId
    this.names = names
  }

  get provider(): string {
    return this.names.provider
  }

  get upstreamModel(): string {
    return this.names.upstreamModel
  }

  get apiBase(): string {
    return this.names.apiBase
  }

  get notes(): TargetNotes {
    return this.names
  }
}
