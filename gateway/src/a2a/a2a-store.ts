import type { RemoteAgent } from './agents/remote-agent.ts'

/** Who a task or a conversation belongs to. */
export interface Principal {
  /** The hash of the key, or the name of the user it is of. */
  readonly owner: string
  readonly teamId: string | null
}

export interface TaskRow extends Principal {
  readonly agentId: string
  readonly taskId: string
  readonly contextId: string | null
  /** As of version 1.0: `TASK_STATE_WORKING`. */
  readonly state: string | null
  /** Epoch milliseconds. */
  readonly createdAt: number
  readonly updatedAt: number
}

export interface ContextRow extends Principal {
  readonly agentId: string
  readonly contextId: string
}

export interface PushRow {
  readonly agentId: string
  readonly taskId: string
  readonly configId: string
  /** Of the stored key it was set with, which it does not outlive; null for the operator's own. */
  readonly keyHash: string | null
  readonly tokenHash: string
  /** Sealed JSON. */
  readonly config: string
}

/** What is asked for of somebody's tasks, newest first. */
export interface TaskQuery {
  readonly agentId: string
  /** One of them is enough: the owner's own, or all of a team. */
  readonly owner: string
  readonly teamId: string | null
  readonly contextId: string | null
  readonly state: string | null
  readonly updatedAfter: number | null
  /** Continues behind this one. */
  readonly before: { readonly updatedAt: number; readonly taskId: string } | null
  readonly limit: number
}

export interface Activity {
  readonly agentId: string
  /** `YYYY-MM-DD`, UTC. */
  readonly day: string
  readonly calls: number
  readonly successes: number
  readonly latencyMs: number
  /** Whole nano-USD. */
  readonly costNanoUsd: number
}

/** Where agents are kept. Rejects with `storage_unavailable` when the database is away. */
export interface RemoteAgentStore {
  listAgents(): Promise<readonly RemoteAgent[]>
  findAgent(agentId: string): Promise<RemoteAgent | null>
  /** Changes whenever an agent was added, changed or removed. */
  agentsVersion(): Promise<string>
  /** Errors: `conflict` when another agent has the name. */
  saveAgent(agent: RemoteAgent): Promise<void>
  /** With its tasks, conversations and push targets. Whether there was one. */
  removeAgent(agentId: string): Promise<boolean>
}

/** Agents, and who owns what at them. */
export interface A2aStore extends RemoteAgentStore {
  /**
   * Adds tasks, or their news; of each task one row. The owner of a known task stays; a task that has ended stays so.
   * Resolves with those that belong to somebody else and were left alone.
   */
  saveTasks(tasks: readonly TaskRow[]): Promise<readonly TaskRow[]>
  findTask(agentId: string, taskId: string): Promise<TaskRow | null>
  listTasks(query: TaskQuery): Promise<{ readonly tasks: readonly TaskRow[]; readonly total: number }>
  removeTask(agentId: string, taskId: string): Promise<void>
  /** Who has the conversation, which is the asking one when nobody had it. */
  claimContext(agentId: string, contextId: string, principal: Principal): Promise<Principal>
  /** Adds conversations; of one that is known the owner stays. Resolves with whose they are. */
  saveContexts(contexts: readonly ContextRow[]): Promise<readonly ContextRow[]>
  /** Removes what was not touched since `before`, and all tasks but the newest `keep`, ended ones first; resolves with those. */
  purge(before: number, keep: number): Promise<readonly Pick<TaskRow, 'agentId' | 'taskId'>[]>
  /** Errors: `conflict` past ten of one task. */
  savePush(row: PushRow): Promise<void>
  listPush(agentId: string, taskId: string): Promise<readonly PushRow[]>
  findPushByToken(tokenHash: string): Promise<PushRow | null>
  removePush(agentId: string, taskId: string, configId: string): Promise<void>
  addActivity(rows: readonly Activity[]): Promise<void>
  /** In USD, by agent; agents that cost nothing yet are left out. */
  spendOf(agentIds: readonly string[]): Promise<ReadonlyMap<string, number>>
}
