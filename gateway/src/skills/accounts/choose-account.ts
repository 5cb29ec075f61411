import { GatewayError } from '@routeiq/contract'
import { isModelAllowed, requireModelAllowed } from '../../deployments/allowed-models.ts'
import type { Deployment } from '../../deployments/deployment.ts'
import { type Resolution, resolveModel } from '../../deployments/resolve-model.ts'
import type { Caller } from '../../identity/caller.ts'
import { findTarget } from '../../pass-through/find-target.ts'
import type { Runtime } from '../../pipeline/model-request.ts'
import { accountOf, fingerprintOf, type SkillAccount } from './skill-account.ts'

const anthropicPrefix = '/anthropic'

/**
 * The account of the model a request names; without a name that of the caller's key (`routeiq_skills_account` of its
 * metadata), else of the first Anthropic model it may use, else of the environment; null without any. Errors: 400 for a
 * model that does not exist or whose vendor keeps no skills, 403 for one the key may not use.
 */
export function chooseAccount(
  runtime: Runtime,
  caller: Caller,
  model: string | null,
  secret: Buffer,
): SkillAccount | null {
  const usual = caller.metadata['routeiq_skills_account']
  const wanted = model ?? (typeof usual === 'string' ? usual : null)
  if (wanted !== null) return accountOfModel(runtime, caller, wanted, secret)
  for (const deployment of runtime.routing.byDeploymentId.values()) {
    const account = mayServe(deployment, caller) ? accountOf(deployment, secret) : null
    if (account?.vendor === 'anthropic' && isAllowed(runtime, caller, deployment.group)) return account
  }
  // It reaches all of an account, so that a key limited to some models must not have it.
  return caller.grants.allowsAll ? accountOfEnvironment(runtime, secret) : null
}

function accountOfModel(runtime: Runtime, caller: Caller, model: string, secret: Buffer): SkillAccount {
  const resolution = resolve(runtime, caller, model)
  if (resolution === null) {
    const usable = [...runtime.routing.groups.keys()].filter((name) => isAllowed(runtime, caller, name))
    const message = `There is no model '${model}' whose account could be used. This key may use: ${usable.join(', ') || 'none'}.`
    throw new GatewayError('invalid_model', message, { param: 'model' })
  }
  requireModelAllowed(caller.grants, caller.layers, resolution)
  const accounts = resolution.group.deployments
    .filter((deployment) => mayServe(deployment, caller))
    .flatMap((deployment) => accountOf(deployment, secret) ?? [])
  if (accounts[0] !== undefined) return accounts[0]
  const message = `The provider of '${model}' keeps no skills; name a model of Anthropic or OpenAI.`
  throw new GatewayError('invalid_request', message, { param: 'model' })
}

function resolve({ routing }: Runtime, caller: Caller, model: string): Resolution | null {
  try {
    return resolveModel(routing, model, caller.naming)
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'invalid_model') return null
    throw error
  }
}

function isAllowed(runtime: Runtime, caller: Caller, model: string): boolean {
  const resolution = resolve(runtime, caller, model)
  return resolution !== null && isModelAllowed(caller.grants, caller.layers, resolution)
}

function mayServe({ restricted, config }: Deployment, { teamId }: Caller): boolean {
  return !restricted || (config.info.teamId !== null && config.info.teamId === teamId)
}

/** The account of `ANTHROPIC_API_KEY`. */
export function accountOfEnvironment(runtime: Runtime, secret: Buffer): SkillAccount | null {
  if (runtime.config.passThrough.accounts['anthropic']?.apiKey == null) return null
  const { origin, basePath, headers, authorization } = findTarget(runtime, anthropicPrefix)
  if (origin === null) return null
  const path = `${basePath.replace(/\/v1$/, '')}/v1/skills`
  return {
    ...{ name: 'anthropic', vendor: 'anthropic', origin, path, headers, authorization },
    fingerprint: fingerprintOf(secret, [origin, path, ...headers]),
  }
}
