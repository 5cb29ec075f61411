import { findGoogleGrant, findGoogleProject } from '../cloud-accounts/google/google-account.ts'
import type { AccountConfig, PathTarget, Wire } from './wire.ts'

const defaultLocation = 'us-central1'

/** What every wire of Vertex AI shares: where its models are, and Google Cloud's tokens. */
export const vertexAccess: Pick<
  Wire,
  'namesModelIn' | 'findBaseUrl' | 'versionSegment' | 'authHeaders' | 'findAuthorization'
> = {
  namesModelIn: 'path',
  findBaseUrl,
  versionSegment: '/v1',
  authHeaders: (apiKey) => (apiKey === null || apiKey === '' ? [] : ['x-goog-api-key', apiKey]),
  findAuthorization,
}

/** The path of a maker's model. A base URL that names a project is kept; an API key stands for one by itself. */
export function findVertexModel({ upstreamModel, account, base }: PathTarget, publisher: string): string {
  const model = `/publishers/${publisher}/models/${encodeURIComponent(upstreamModel)}`
  const project = base.pathname.includes('/projects/') ? null : findGoogleProject(account)
  return project === null ? model : `/projects/${project}/locations/${locationOf(account)}${model}`
}

/** The regional address, or the global one. */
function findBaseUrl({ account }: AccountConfig): string {
  const location = locationOf(account)
  const host = location === 'global' ? 'aiplatform' : `${location}-aiplatform`
  return `https://${host}.googleapis.com/v1`
}

function locationOf(account: AccountConfig['account']): string {
  return account['vertex_location'] ?? defaultLocation
}

function findAuthorization(config: AccountConfig): ReturnType<typeof findGoogleGrant> {
  const grant = findGoogleGrant(config)
  const hasProject =
    config.apiBase?.includes('/projects/') === true || findGoogleProject(config.account) !== null
  if (grant !== null && !hasProject)
    throw new Error('provider `vertex_ai` needs `vertex_project` or GOOGLE_CLOUD_PROJECT')
  return grant
}
