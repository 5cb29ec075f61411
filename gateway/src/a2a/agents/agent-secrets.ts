import { type BlobSealer, isSealed } from '../../conversation/blob-sealer.ts'
import { type JsonRecord, readRecord } from '../../conversation/json-value.ts'
import type { RemoteAgentStore } from '../a2a-store.ts'
import type { RemoteAgent } from './remote-agent.ts'

const secretName = /key|token|secret|password|credential|authorization/i

/** Whether a member of `litellm_params` is a secret by its name. Prices and limits per token are not. */
export function isSecretParam(name: string): boolean {
  return secretName.test(name) && !/_per_|_limit$|_budget/.test(name)
}

/** Members of `kill_switch` that say how the agent is stopped; any text in them may be a secret. */
const secretSwitchMembers = ['headers', 'query_params', 'body', 'auth']

type Replace = (secret: string) => string

/** The agent with each of its secrets replaced. */
export function mapSecrets(agent: RemoteAgent, replace: Replace): RemoteAgent {
  const headers = Object.entries(agent.staticHeaders).map(([name, value]) => [name, replace(value)])
  const killSwitch = readRecord(agent.others['kill_switch'])
  return {
    ...agent,
    params: mapNamed(agent.params, replace),
    staticHeaders: Object.fromEntries(headers),
    ...(killSwitch === null
      ? {}
      : { others: { ...agent.others, kill_switch: mapSwitch(killSwitch, replace) } }),
  }
}

/** What is no secret of a `kill_switch`. */
export function openSwitchMembers(killSwitch: JsonRecord): JsonRecord {
  return Object.fromEntries(
    Object.entries(killSwitch).filter(([name]) => !secretSwitchMembers.includes(name)),
  )
}

function mapNamed(record: JsonRecord, replace: Replace): JsonRecord {
  const members = Object.entries(record).map(([name, value]) => {
    const inner = readRecord(value)
    if (inner !== null) return [name, mapNamed(inner, replace)]
    return [name, typeof value === 'string' && isSecretParam(name) ? replace(value) : value]
  })
  return Object.fromEntries(members)
}

function mapSwitch(killSwitch: JsonRecord, replace: Replace): JsonRecord {
  const members = Object.entries(killSwitch).map(([name, value]) => [
    name,
    secretSwitchMembers.includes(name) ? mapTexts(value, replace) : value,
  ])
  return Object.fromEntries(members)
}

function mapTexts(value: unknown, replace: Replace): unknown {
  if (typeof value === 'string') return replace(value)
  if (Array.isArray(value)) return value.map((member) => mapTexts(member, replace))
  const record = readRecord(value)
  if (record === null) return value
  return Object.fromEntries(Object.entries(record).map(([name, member]) => [name, mapTexts(member, replace)]))
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
