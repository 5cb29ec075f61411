import { GatewayError } from '@routeiq/contract'
import type { Exchange } from '../../http/exchange.ts'
import type { Caller } from '../../identity/caller.ts'
import type { A2aPlane } from '../a2a-plane.ts'
import { A2aError } from '../protocol/a2a-error.ts'
import { findUsableAgent } from './agent-access.ts'
import { keepSecrets } from './agent-secrets.ts'
import { type AgentRegistration, deriveAgentId, type RemoteAgent } from './remote-agent.ts'

/** The agent with this id or name. Errors: 404 `agent_not_found`, also for one the caller may not see. */
export function requireAgent(plane: A2aPlane, id: string, caller: Caller): RemoteAgent {
  const agent = findUsableAgent(plane.directory, id, caller.objects)
  if (agent !== null) return agent
  throw new GatewayError('agent_not_found', `Agent not found: ${id.slice(0, 128)}`, {
    extras: { code: -32002 },
  })
}

/**
 * Keeps an agent under the id of its registration, or under the id of the one it replaces. Nothing is dialled. Errors:
 * 400 `invalid_url` and `ssrf_blocked`, 409 `agent_name_taken` and `config_managed`, 500 `agent_registry_unavailable`.
 */
export async function registerAgent(
  plane: A2aPlane,
  { exchange, caller }: { readonly exchange: Exchange; readonly caller: Caller },
  given: AgentRegistration,
  replaced: RemoteAgent | null,
): Promise<RemoteAgent> {
  if (replaced !== null) requireOwn(replaced)
  if (given.url !== null) requireAddress(plane, given.url)
  const agentId = replaced?.agentId ?? deriveAgentId(given)
  const namesake = plane.directory.find(given.name)
  if (namesake !== null && namesake.agentId !== agentId && namesake.name === given.name)
    throw nameTaken(given)
  const known = replaced ?? plane.directory.find(agentId)
  const registration = known === null ? given : keepSecrets(given, known)
  const by = caller.userId ?? caller.keyName
  const now = plane.now()
  const agent: RemoteAgent = {
    ...registration,
    agentId,
    origin: 'registered',
    createdBy: known?.createdBy ?? by,
    updatedBy: by,
    createdAt: known?.createdAt ?? now,
    updatedAt: now,
  }
  try {
    await inRegistry(plane.agents.saveAgent(agent))
  } catch (error) {
    throw error instanceof GatewayError && error.code === 'conflict' ? nameTaken(registration) : error
  }
  plane.cards.forget(agentId)
  plane.audit(known === null ? 'a2a.agent.create' : 'a2a.agent.update', { exchange, caller }, agentId)
  await inRegistry(plane.onAgentsChanged(agentId))
  return agent
}

/** Ends the agent's streams and forgets everything of it. Errors: 409 `config_managed`. */
export async function unregisterAgent(
  plane: A2aPlane,
  by: { readonly exchange: Exchange; readonly caller: Caller },
  agent: RemoteAgent,
): Promise<void> {
  requireOwn(agent)
  await inRegistry(plane.agents.removeAgent(agent.agentId))
  plane.audit('a2a.agent.delete', by, agent.agentId)
  await inRegistry(plane.onAgentsChanged(agent.agentId))
}

/** Errors: 500 `agent_registry_unavailable` when the database is away. */
export async function inRegistry<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof GatewayError && error.code === 'storage_unavailable')) throw error
    const message = 'The registry of agents did not answer; try again shortly.'
    throw new GatewayError('agent_registry_unavailable', message, { cause: error, retryAfterSeconds: 1 })
  }
}

/** What every process does when it hears that an agent has changed. */
export function forgetRemoved(
  plane: Pick<A2aPlane, 'directory' | 'cards' | 'tasks' | 'streams'>,
  agentId: string,
): void {
  plane.cards.forget(agentId)
  if (plane.directory.find(agentId) !== null) return
  plane.tasks.forgetAgent(agentId)
  plane.streams.interruptAgent(agentId, new A2aError('AGENT_UNAVAILABLE', 'The agent was removed.'))
}

function requireOwn(agent: RemoteAgent): void {
  if (agent.origin === 'registered') return
  const message = `${agent.name} is an agent of the configuration file and is changed there.`
  throw new GatewayError('config_managed', message)
}

function requireAddress({ egress }: A2aPlane, url: string): void {
  if (!/^https?:\/\/[^/]/i.test(url) || !URL.canParse(url))
    throw new GatewayError('invalid_url', 'url must be an http or https address.', { param: 'url' })
  const refusal = egress.refuseUrl(url, { plainHttp: true })
  if (refusal !== null)
    throw new GatewayError('ssrf_blocked', `This address may not be called: ${refusal}.`, { param: 'url' })
}

function nameTaken({ name }: AgentRegistration): GatewayError {
  return new GatewayError('agent_name_taken', `There is another agent with the name ${name}.`, {
    param: 'agent_name',
  })
}
