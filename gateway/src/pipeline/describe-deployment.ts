import type { Deployment } from '../deployments/deployment.ts'
import type { DeploymentNames } from '../deployments/deployment-target.ts'
import { headLine, headText } from '../http/server/head-line.ts'

/** The head lines of an answer that say which deployment gave it. */
export function describeDeployment({ target }: Deployment): string {
  const { names } = target
  target.headId ??= headText(target.deploymentId)
  names.headLines ??= formatHeadLines(names)
  return `x-litellm-model-id: ${target.headId}${names.headLines}`
}

/** The upstream model of a deployment as a JSON string. */
export function quoteModel({ target: { names } }: Deployment): Buffer {
  names.quotedModel ??= Buffer.from(JSON.stringify(names.upstreamModel))
  return names.quotedModel
}

function formatHeadLines({ group, apiBase, upstreamModel, regionName }: DeploymentNames): string {
  const lines =
    '\r\n' +
    headLine('x-litellm-model-group', group) +
    headLine('x-litellm-model-api-base', apiBase) +
    headLine('x-routeiq-model', upstreamModel) +
    (regionName === null
      ? ''
      : headLine('x-litellm-model-region', regionName) + headLine('x-routeiq-region', regionName))
  // In one piece, because a joined string is read in the pieces it was made of, by every answer.
  return Buffer.from(lines, 'latin1').toString('latin1')
}
