import type { Deployment, DeploymentText } from '../deployments/deployment.ts'
import { headLine } from '../http/server/head-line.ts'

export function describeDeployment(deployment: Deployment): DeploymentText {
  const { kept } = deployment
  kept.text ??= makeText(deployment)
  return kept.text
}

function makeText(deployment: Deployment): DeploymentText {
  const { id, provider, upstreamModel, apiBase } = deployment
  return {
    target: { deploymentId: id, provider: provider.id, upstreamModel, apiBase, literals: null },
    headLines: formatHeadLines(deployment),
    model: Buffer.from(JSON.stringify(upstreamModel)),
  }
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
