import { GatewayError } from '@routeiq/contract'
import type { Quotas } from '../../quotas/quotas.ts'
import type { AgentStore } from './agent-store.ts'

export interface AddToAgentDependencies {
  readonly agents: Pick<AgentStore, 'addSkills'>
  readonly quotas: Pick<Quotas, 'limitOf'>
}

interface NamedSkill {
  readonly skillId: string
  readonly name: string
}

/**
 * Puts skills that were just written on an agent and says which: `added` and, for those somebody had taken off it and
 * that shall stay off, `kept_off`. An agent that cannot be made is named; the skills stay written.
 */
export async function addToAgent(
  { agents, quotas }: AddToAgentDependencies,
  workspaceId: string,
  agentName: string,
  skills: readonly NamedSkill[],
  mode: 'all' | 'unless_removed',
): Promise<object> {
  try {
    const ids = skills.map(({ skillId }) => skillId)
    const limit = quotas.limitOf(workspaceId, 'agents')
    const off = new Set(await agents.addSkills(workspaceId, agentName, ids, mode, limit))
    const namesOf = (isOff: boolean): string[] =>
      skills.filter(({ skillId }) => off.has(skillId) === isOff).map(({ name }) => name)
    return { added_to_agent: agentName, added: namesOf(false), kept_off: namesOf(true) }
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'quota_exceeded') throw error
    return { agent_not_found: agentName, agent_problem: error.message }
  }
}
