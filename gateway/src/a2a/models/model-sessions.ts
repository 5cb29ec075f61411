import { createHash } from 'node:crypto'
import { type JsonRecord, parseJson, readRecord } from '../../conversation/json-value.ts'
import type { SharedState } from '../../storage/shared-state/shared-state.ts'
import type { RemoteAgent } from '../agents/remote-agent.ts'
import { isEnded } from '../protocol/translate-objects.ts'
import type { AgentCall } from '../relay/agent-call.ts'
import { principalOf } from '../tasks/task-ledger.ts'
import type { ModelCaller } from './agent-transport.ts'

/**
 * Which conversation with an agent a session of a caller is: requests to a model have no place for the ids of
 * conversations and tasks. Shared by all replicas.
 */
export class ModelSessions {
  readonly #state: Pick<SharedState, 'get' | 'set'>
  readonly #lifetimeMs: () => number

  constructor(state: Pick<SharedState, 'get' | 'set'>, lifetimeMs: () => number) {
    this.#state = state
    this.#lifetimeMs = lifetimeMs
  }

  /** What a message must hold to go on with the session. */
  async find(from: ModelCaller, agent: RemoteAgent): Promise<JsonRecord> {
    const key = keyOf(from, agent)
    const kept = key === null ? null : await this.#state.get(key)
    return (kept === null ? null : readRecord(parseJson(kept))) ?? {}
  }

  /** Keeps what the next message goes on with: the conversation, and the task if it waits for more. */
  async keep(from: ModelCaller, { agent, report }: AgentCall): Promise<void> {
    const key = keyOf(from, agent)
    const { contextId, taskId, state } = report
    if (key === null || contextId === null) return
    const isOpen = taskId !== null && state !== null && !isEnded(state)
    const next = { contextId, ...(isOpen ? { taskId } : {}) }
    await this.#state.set(key, JSON.stringify(next), this.#lifetimeMs())
  }
}

function keyOf({ caller, sessionId }: ModelCaller, { agentId }: RemoteAgent): string | null {
  if (sessionId === null) return null
  const named = JSON.stringify([agentId, principalOf(caller).owner, sessionId])
  return `a2a:session:${createHash('sha256').update(named).digest('base64url')}`
}
