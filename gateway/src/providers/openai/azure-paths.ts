import type { PathTarget, WirePaths } from '../wire.ts'

/** The dated version that is asked for when the operator names none; LiteLLM's choice too. */
const defaultVersion = '2025-02-01-preview'
const firstWithResponses = '2025-03-01-preview'
/** Names of the undated interface, whose paths hold no deployment. */
const undatedVersions = new Set(['v1', 'latest', 'preview'])

/**
 * Where Azure OpenAI serves each operation. A dated `api_version` goes to `/openai/deployments/{deployment}/…`, an
 * undated one, or a base that ends in `/openai/v1`, to `/openai/v1/…`. Bases may hold any beginning of these paths,
 * and the whole target URI that Azure's portal shows.
 */
export function azurePaths({ upstreamModel, account, base }: PathTarget): WirePaths {
  const { isUndated, version } = readVersion(account, base)
  const root = isUndated ? '/openai/v1' : `/openai/deployments/${encodeURIComponent(upstreamModel)}`
  return operationsBelow(restOf(root, base), version, base)
}

/** Responses have paths without a deployment; dated versions from before them have none. */
export function azureResponsesPaths({ account, base }: PathTarget): WirePaths {
  const { isUndated, version } = readVersion(account, base)
  const isThere =
    isUndated || ((version ?? '') >= firstWithResponses && !base.pathname.includes('/deployments/'))
  const root = restOf(isUndated ? '/openai/v1' : '/openai', base)
  const chat = isThere ? `${root}/responses${queryOf(version, base)}` : null
  return { chat, chatStream: null, completion: null, embedding: null }
}

interface Version {
  readonly isUndated: boolean
  /** What `api-version` says, null where it is not sent. */
  readonly version: string | null
}

function readVersion(account: PathTarget['account'], base: URL): Version {
  const version = account['api_version'] ?? defaultVersion
  const isUndated = /\/openai\/v1(?:\/|$)/.test(base.pathname) || undatedVersions.has(version)
  const isSent = !isUndated || version === 'preview' || version === 'latest'
  return { isUndated, version: isSent ? version : null }
}

/** Azure AI Foundry's model inference, and the hosts of single models, which are plain OpenAI below `/v1`. */
export function azureAiPaths({ account, base }: PathTarget): WirePaths {
  if (!isFoundry(base)) {
    const root = /\/v1(?:\/|$)/.test(base.pathname) ? '' : '/v1'
    return operationsBelow(root, account['api_version'] ?? null, base)
  }
  if (base.pathname.includes('/openai/')) return operationsBelow('', account['api_version'] ?? null, base)
  return operationsBelow(restOf('/models', base), account['api_version'] ?? '2024-05-01-preview', base)
}

/** Whether a base belongs to a Foundry resource, whose keys go into `api-key`. */
export function isFoundry(base: URL): boolean {
  return base.hostname.endsWith('.services.ai.azure.com')
}

/** What of `root` the base does not hold yet: it may end with a part of it, or hold all of it and more. */
function restOf(root: string, base: URL): string {
  const path = base.pathname.replace(/\/+$/, '')
  const segments = root.split('/').slice(1)
  for (let count = segments.length; count > 0; count--) {
    const beginning = `/${segments.slice(0, count).join('/')}`
    if (path.endsWith(beginning)) return root.slice(beginning.length)
  }
  return /\/openai\/(?:v1|deployments\/[^/]+)\//.test(`${path}/`) ? '' : root
}

function operationsBelow(root: string, version: string | null, base: URL): WirePaths {
  const query = queryOf(version, base)
  return {
    chat: `${root}/chat/completions${query}`,
    chatStream: null,
    completion: `${root}/completions${query}`,
    embedding: `${root}/embeddings${query}`,
    'image-generation': `${root}/images/generations${query}`,
    'image-edit': `${root}/images/edits${query}`,
    transcription: `${root}/audio/transcriptions${query}`,
    translation: `${root}/audio/translations${query}`,
    speech: `${root}/audio/speech${query}`,
  }
}

function queryOf(version: string | null, base: URL): string {
  const isGiven = version === null || base.searchParams.has('api-version')
  return isGiven ? '' : `?api-version=${encodeURIComponent(version)}`
}
