import { type BlobSealer, isSealed } from '../../conversation/blob-sealer.ts'
import type { RemoteAgentStore } from '../a2a-store.ts'
import type { RemoteAgent } from './remote-agent.ts'

const secretName = /key|token|secret|password|credential|authorization/i

/** Whether a member of `litellm_params` is a secret by its name. Prices and limits per token are not. */
export function isSecretParam(name: string): boolean {
  return secretName.test(name) && !/_per_|_limit$|_budget/.test(name)
}

/** The agent with each of its secrets replaced. */
export function mapSecrets(agent: RemoteAgent, replace: (secret: string) => string): RemoteAgent {
  const params = Object.entries(agent.params).map(([name, value]) => [
    name,
    typeof value === 'string' && isSecretParam(name) ? replace(value) : value,
  ])
  const headers = Object.entries(agent.staticHeaders).map(([name, value]) => [name, replace(value)])
  return { ...agent, params: Object.fromEntries(params), staticHeaders: Object.fromEntries(headers) }
}

/** The store with secrets of agents sealed in it. What was sealed with another key reads as an empty text. */
export function sealAgents(store: RemoteAgentStore, sealer: BlobSealer): RemoteAgentStore {
  const seal = (secret: string): string =>
    sealer.seal({ form: 'agent', family: '', account: '', payload: secret })
  const open = (stored: string): string => (isSealed(stored) ? (sealer.open(stored)?.payload ?? '') : stored)
  return {
    listAgents: async () => (await store.listAgents()).map((agent) => mapSecrets(agent, open)),
    findAgent: async (agentId) => {
      const agent = await store.findAgent(agentId)
      return agent === null ? null : mapSecrets(agent, open)
    },
    agentsVersion: () => store.agentsVersion(),
    saveAgent: (agent) => store.saveAgent(mapSecrets(agent, seal)),
    removeAgent: (agentId) => store.removeAgent(agentId),
  }
}
