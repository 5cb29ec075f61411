import { GatewayError } from '@routeiq/contract'
import type { CostAdjustmentConfig, GatewayConfig, PassThroughEndpoint } from '../config/config.ts'
import type { RoutingSnapshot } from '../deployments/routing-snapshot.ts'
import type { Runtime } from '../pipeline/model-request.ts'
import type { CostAdjustment } from '../pricing/adjust-cost.ts'
import { findAdjustment } from '../pricing/find-adjustment.ts'
import { findWire } from '../providers/registry.ts'
import type { TokenGrant } from '../transport/authorization.ts'
import { refuseOperatorHost } from '../transport/egress/operator-egress.ts'
import type { PassThroughTarget } from './pass-through-target.ts'
import { type ProviderPrefix, providerPrefixes } from './provider-prefixes.ts'

const compiled = new WeakMap<Runtime, ReadonlyMap<string, PassThroughTarget | string>>()

/** The target of a prefix under this configuration. Errors: 404 saying what the operator would have to configure. */
export function findTarget(runtime: Runtime, prefix: string): PassThroughTarget {
  let targets = compiled.get(runtime)
  if (targets === undefined) {
    targets = compileTargets(runtime)
    compiled.set(runtime, targets)
  }
  const target = targets.get(prefix) ?? 'it is no longer configured'
  if (typeof target !== 'string') return target
  throw new GatewayError('not_found', `Nothing is reachable below ${prefix}: ${target}.`)
}

/** Each prefix with its target, or why it has none. */
function compileTargets({ config, routing }: Runtime): ReadonlyMap<string, PassThroughTarget | string> {
  const targets = new Map<string, PassThroughTarget | string>()
  for (const row of providerPrefixes)
    targets.set(row.prefix, compileProvider(row, config, findGrant(row.provider, routing)))
  for (const endpoint of config.passThrough.endpoints) {
    if (!targets.has(endpoint.path)) targets.set(endpoint.path, compileEndpoint(endpoint))
  }
  return targets
}

function compileProvider(
  row: ProviderPrefix,
  { passThrough, costAdjustments }: GatewayConfig,
  authorization: TokenGrant | null,
): PassThroughTarget | string {
  const { prefix, provider, auth, wireId, dialect, needsKey } = row
  const account = passThrough.accounts[provider]
  const apiKey = account?.apiKey ?? null
  if (apiKey === null && authorization === null && needsKey)
    return `no key of ${provider} is in the environment, and no model of it has \`use_in_pass_through: true\``
  const base = account?.apiBase ?? row.base
  if (base === null && provider !== 'vertex_ai') return `${provider} needs a base URL (or a region)`
  const place = base === null ? { origin: null, basePath: '', search: '' } : parseBase(base)
  if (typeof place === 'string') return place
  const value = auth === 'authorization' ? `Bearer ${apiKey}` : (apiKey ?? '')
  return {
    prefix,
    provider,
    ...place,
    headers: apiKey === null ? [] : [auth, value],
    authorization: apiKey === null ? authorization : null,
    forwardsHeaders: true,
    includesSubpaths: true,
    costPerRequest: null,
    adjustment: readAdjustmentOf(costAdjustments, provider),
    wire: findWire(wireId),
    dialect,
  }
}

/**
 * The token a model with `use_in_pass_through` logs in with, for accounts without a key. A signature is over the whole
 * body, which is not at hand here.
 */
function findGrant(provider: string, { byDeploymentId }: RoutingSnapshot): TokenGrant | null {
  for (const { config, authorization } of byDeploymentId.values()) {
    const isChosen = config.usedInPassThrough && config.provider === provider
    if (isChosen && authorization?.kind === 'token') return authorization
  }
  return null
}

/** Numbers that cannot be used have been reported with the models of the provider. */
function readAdjustmentOf(config: CostAdjustmentConfig, provider: string): CostAdjustment | null {
  try {
    return findAdjustment(config, provider)
  } catch {
    return null
  }
}

function compileEndpoint(endpoint: PassThroughEndpoint): PassThroughTarget | string {
  const { path, target, headers, forwardsHeaders, includesSubpaths, costPerRequest } = endpoint
  const place = parseBase(target)
  if (typeof place === 'string') return place
  return {
    prefix: path,
    provider: null,
    ...place,
    headers: Object.entries(headers).flat(),
    authorization: null,
    forwardsHeaders,
    includesSubpaths,
    costPerRequest,
    adjustment: null,
    wire: findWire('openai'),
    dialect: 'openai-chat',
  }
}

type Place = Pick<PassThroughTarget, 'origin' | 'basePath' | 'search'>

/** An operator's URL taken apart, or why it may not be called. */
function parseBase(base: string): Place | string {
  if (!URL.canParse(base)) return 'its base is no URL'
  const url = new URL(base)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    return 'its base must begin with http:// or https://'
  if (url.username !== '' || url.password !== '') return 'its base must not hold a user name or password'
  const refusal = refuseOperatorHost(url.hostname)
  if (refusal !== null) return `its address may not be called, because ${refusal}`
  return { origin: url.origin, basePath: url.pathname.replace(/\/+$/, ''), search: url.search }
}
