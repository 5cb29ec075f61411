import type { Deployment } from '../deployments/deployment.ts'
import { headLine } from '../http/server/head-line.ts'
import type { RequestTarget } from '../telemetry/request-record.ts'

/** What is said of a deployment, made by its first request. */
export interface DeploymentText {
  /** In records. */
  readonly target: RequestTarget
  /** In the head of every answer. */
  readonly headLines: string
}

const texts = new WeakMap<Deployment, DeploymentText>()

export function describeDeployment(deployment: Deployment): DeploymentText {
  let text = texts.get(deployment)
  if (text === undefined) {
    const { id, provider, upstreamModel, apiBase } = deployment
    const target = { deploymentId: id, provider: provider.id, upstreamModel, apiBase }
    text = { target, headLines: formatHeadLines(deployment) }
    texts.set(deployment, text)
  }
  return text
}

function formatHeadLines({ id, group, apiBase, upstreamModel, config }: Deployment): string {
  const { regionName } = config
  const lines =
    headLine('x-litellm-model-id', id) +
    headLine('x-litellm-model-group', group) +
    headLine('x-litellm-model-api-base', apiBase) +
    headLine('x-routeiq-model', upstreamModel) +
    (regionName === null
      ? ''
      : headLine('x-litellm-model-region', regionName) + headLine('x-routeiq-region', regionName))
  // In one piece, because a joined string is read in the pieces it was made of, by every answer.
  return Buffer.from(lines, 'latin1').toString('latin1')
}
