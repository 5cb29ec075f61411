import { type JsonRecord, readRecord } from '../../conversation/json-value.ts'
import { isSealedSecret, type KeyRing, type SealedPlace } from '../../secrets/key-ring.ts'
import type { RemoteAgentStore } from '../a2a-store.ts'
import type { AgentRegistration, RemoteAgent } from './remote-agent.ts'

const secretName = /key|token|secret|password|credential|authorization/i

/** Whether a member of `litellm_params` is a secret by its name. Prices and limits per token are not. */
export function isSecretParam(name: string): boolean {
  return secretName.test(name) && !/_per_|_limit$|_budget/.test(name)
}

/** Members of `kill_switch` that say how the agent is stopped; any text in them may be a secret. */
const secretSwitchMembers = ['headers', 'query_params', 'body', 'auth']

/** What stands for a secret where agents are shown. */
const mask = 'set'

/** `path` is where the secret is. */
type Replace = (secret: string, path: Path) => string
type Path = readonly (string | number)[]

/** The agent with each of its secrets replaced. */
export function mapSecrets<Agent extends AgentRegistration>(agent: Agent, replace: Replace): Agent {
  const headers = Object.entries(agent.staticHeaders).map(([name, value]) => [
    name,
    replace(value, ['staticHeaders', name]),
  ])
  const killSwitch = readRecord(agent.others['kill_switch'])
  return {
    ...agent,
    params: mapNamed(agent.params, replace, ['params']),
    staticHeaders: Object.fromEntries(headers),
    ...(killSwitch === null
      ? {}
      : { others: { ...agent.others, kill_switch: mapSwitch(killSwitch, replace) } }),
  }
}

/** The agent as it may be shown. */
export function maskSecrets(agent: RemoteAgent): RemoteAgent {
  return mapSecrets(agent, () => mask)
}

/** A registration in which whoever sends back what was shown means the secret that is known. */
export function keepSecrets(registration: AgentRegistration, known: RemoteAgent): AgentRegistration {
  return mapSecrets(registration, (secret, path) => {
    const kept = secret === mask ? valueAt(known, path) : null
    return typeof kept === 'string' ? kept : secret
  })
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, step) => {
    if (typeof inner !== 'object' || inner === null || !Object.hasOwn(inner, step)) return undefined
    return (inner as Readonly<Record<string | number, unknown>>)[step]
  }, value)
}

/** What is no secret of a `kill_switch`. */
export function openSwitchMembers(killSwitch: JsonRecord): JsonRecord {
  return Object.fromEntries(
    Object.entries(killSwitch).filter(([name]) => !secretSwitchMembers.includes(name)),
  )
}

function mapNamed(record: JsonRecord, replace: Replace, path: Path): JsonRecord {
  const members = Object.entries(record).map(([name, value]) => {
    const place = [...path, name]
    const inner = readRecord(value)
    if (inner !== null) return [name, mapNamed(inner, replace, place)]
    return [name, typeof value === 'string' && isSecretParam(name) ? replace(value, place) : value]
  })
  return Object.fromEntries(members)
}

function mapSwitch(killSwitch: JsonRecord, replace: Replace): JsonRecord {
  const members = Object.entries(killSwitch).map(([name, value]) => [
    name,
    secretSwitchMembers.includes(name) ? mapTexts(value, replace, ['others', 'kill_switch', name]) : value,
  ])
  return Object.fromEntries(members)
}

function mapTexts(value: unknown, replace: Replace, path: Path): unknown {
  if (typeof value === 'string') return replace(value, path)
  if (Array.isArray(value)) return value.map((member, at) => mapTexts(member, replace, [...path, at]))
  const record = readRecord(value)
  if (record === null) return value
  return Object.fromEntries(
    Object.entries(record).map(([name, member]) => [name, mapTexts(member, replace, [...path, name])]),
  )
}

const placeOf = ({ agentId }: { agentId: string }): SealedPlace => ({ table: 'a2a_agents', row: agentId })

/** The store with secrets of agents sealed in it. What was sealed with a key that is not configured reads as an empty text. */
export function sealAgents(store: RemoteAgentStore, keyRing: KeyRing): RemoteAgentStore {
  const open = (agent: RemoteAgent): RemoteAgent => {
    const place = placeOf(agent)
    return mapSecrets(agent, (stored) =>
      isSealedSecret(stored) ? (keyRing.open(place, stored) ?? '') : stored,
    )
  }
  return {
    listAgents: async () => (await store.listAgents()).map(open),
    findAgent: async (agentId) => {
      const agent = await store.findAgent(agentId)
      return agent === null ? null : open(agent)
    },
    agentsVersion: () => store.agentsVersion(),
    saveAgent: (agent) => {
      const place = placeOf(agent)
      return store.saveAgent(mapSecrets(agent, (secret) => keyRing.seal(place, secret)))
    },
    removeAgent: (agentId) => store.removeAgent(agentId),
  }
}
