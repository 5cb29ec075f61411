import { GatewayError } from '@routeiq/contract'
import type { Deployment } from '../deployments/deployment.ts'
import type { ModelRequest } from './model-request.ts'

/**
 * The upstream credential a request brings for itself (`api_key` in the body), as authentication headers of the
 * deployment's wire; null when it brings none. Only deployments that list it in
 * `configurable_clientside_auth_params` take one. Errors: 400 for everybody else, and for `api_base`, because a
 * caller may not choose where the gateway connects to.
 */
export function readClientCredential(
  request: ModelRequest,
  { config, wire, provider, authorization }: Deployment,
): readonly string[] | null {
  const { api_key: key, api_base: base } = request.body
  if (key === undefined && base === undefined) return null
  if (base !== undefined) throw refused('api_base')
  if (authorization !== null) throw refused('api_key', ' It logs in with a credential that is no key.')
  if (typeof key !== 'string' || key === '' || !config.configurableClientsideAuthParams.includes('api_key'))
    throw refused('api_key', ' The operator can allow it with configurable_clientside_auth_params.')
  return wire.authHeaders(key, { provider, account: config })
}

function refused(param: 'api_key' | 'api_base', hint = ''): GatewayError {
  return new GatewayError(
    'invalid_request',
    `\`${param}\` may not be set by a request to this model.${hint}`,
    { param },
  )
}

/** A header list in which some headers are replaced; names are lower case. */
export function replaceHeaders(
  headers: readonly string[],
  replacements: readonly string[],
): readonly string[] {
  const replaced = new Set(replacements.filter((_, index) => index % 2 === 0))
  const kept = headers.filter((_, index) => !replaced.has(headers[index - (index % 2)] as string))
  return [...kept, ...replacements]
}
