import type { QuotedNames, RequestTarget } from '../telemetry/request-record.ts'

/** What is said with every request of deployments that differ in their ids alone. Made by the first one. */
export interface DeploymentText {
  /** In the head of every answer, behind the id and up to the end of a line. */
  readonly headLines: string
  /** Their upstream model as a JSON string. */
  readonly model: Buffer
}

/** The names that deployments of one model at one place have in common, and what is made of them. */
export class DeploymentNames {
  readonly group: string
  readonly provider: string
  readonly upstreamModel: string
  readonly apiBase: string
  readonly regionName: string | null
  readonly quoted: QuotedNames = { revision: null, group: '', provider: '', upstreamModel: '' }
  text: DeploymentText | null = null

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

  get quoted(): QuotedNames {
    return this.names.quoted
  }
}
