import type { Deployment } from '../deployments/deployment.ts'
import { readClientCredential, replaceHeaders } from './client-credentials.ts'
import type { ModelRequest } from './model-request.ts'

/** Client headers that mean the same to a provider; credentials and everything else stop here. */
const always = ['traceparent', 'tracestate', 'idempotency-key']
const never =
  /^x-(?:api-key|goog-api-key|litellm-|routeiq-|admin-|request-id|forwarded|real-ip|team-id|user-id|stainless-)/

/**
 * The header list of an upstream call. Returns the deployment's own list when nothing is added, so that the
 * transport can recognise it.
 */
export function forwardedHeaders(
  request: ModelRequest,
  deployment: Deployment,
  extra: readonly string[],
): readonly string[] {
  const { headers } = request.exchange.request
  let added: string[] | null = extra.length > 0 ? [...extra] : null
  const copy = (name: string): void => {
    const value = headers[name]
    if (typeof value !== 'string') return
    added ??= []
    added.push(name, value)
  }
  for (const name of always) copy(name)
  if (deployment.wire.dialect === request.protocol.id)
    for (const name of request.protocol.forwardedHeaders) copy(name)
  if (request.runtime.config.requests.forwardClientHeaders) {
    const keyHeader = request.runtime.config.identity.keyHeaderName?.toLowerCase()
    for (const name in headers)
      if (name.startsWith('x-') && !never.test(name) && name !== keyHeader) copy(name)
  }
  const credential = readClientCredential(request, deployment)
  const own = credential === null ? deployment.headers : replaceHeaders(deployment.headers, credential)
  return added === null ? own : [...own, ...added]
}
