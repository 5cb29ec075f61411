import { createHash } from 'node:crypto'
import { type JsonRecord, readRecord } from '../../conversation/json-value.ts'
import { canonicalJson } from '../../json/canonical-json.ts'
import { isSecretParam, mapSecrets, openSwitchMembers } from './agent-secrets.ts'

/** An agent on another server, as it was registered. Secrets are in the clear; the store keeps them sealed. */
export interface RemoteAgent {
  /** SHA-256 hex of the registration without its secrets. */
  readonly agentId: string
  /** Unique; callers may use it in place of the id. */
  readonly name: string
  /** Null for an agent that was registered without one and cannot be called. */
  readonly url: string | null
  readonly description: string
  readonly capabilities: readonly string[]
  /** Members that replace those of the agent's own card. */
  readonly cardParams: JsonRecord
  readonly params: JsonRecord
  /** Headers of every call. */
  readonly staticHeaders: Readonly<Record<string, string>>
  /** Headers of the caller that go on. */
  readonly extraHeaders: readonly string[]
  readonly accessGroups: readonly string[]
  /** Calls a minute, of all callers together. */
  readonly requestsPerMinute: number | null
  /** Everything else of the registration, kept and shown. */
  readonly others: JsonRecord
  readonly isPublic: boolean
  readonly isEnabled: boolean
  readonly teamId: string | null
  /** Agents of the configuration cannot be changed over REST and may be on the operator's own network. */
  readonly origin: 'configuration' | 'registered'
  readonly createdBy: string | null
  readonly updatedBy: string | null
  /** Epoch milliseconds. */
  readonly createdAt: number
  readonly updatedAt: number
}

export type AgentRegistration = Omit<
  RemoteAgent,
  'agentId' | 'origin' | 'createdBy' | 'updatedBy' | 'createdAt' | 'updatedAt'
>

function openSwitch(value: unknown): unknown {
  const record = readRecord(value)
  return record === null ? value : openSwitchMembers(record)
}

/** The id of a registration: the same one always has the same, whatever its secrets are. */
export function deriveAgentId(registration: AgentRegistration): string {
  const { params: masked } = mapSecrets(registration, () => '')
  const params = Object.entries(masked).filter(([name]) => !isSecretParam(name))
  const { kill_switch, ...others } = registration.others
  const open = {
    ...registration,
    params: Object.fromEntries(params),
    staticHeaders: {},
    others: kill_switch === undefined ? others : { ...others, kill_switch: openSwitch(kill_switch) },
  }
  return createHash('sha256').update(canonicalJson(open)).digest('hex')
}
