import { setTimeout as sleep } from 'node:timers/promises'
import type { Caller } from '../../identity/caller.ts'
import type { A2aStore, ContextRow, Principal, TaskRow } from '../a2a-store.ts'
import { A2aError } from '../protocol/a2a-error.ts'
import { isEnded } from '../protocol/translate-objects.ts'

/** Between two writes; what comes after a pause is written at once. */
const flushGapMs = 100
/** Longer than another gateway takes to write what it has seen. */
const patienceMs = 150
const looks = 10
const purgeEveryMs = 60_000

/** What one answer of an agent says of a task. */
export interface TaskNews {
  /** Null for what belongs to a conversation alone. */
  readonly taskId: string | null
  readonly contextId: string | null
  /** As of 1.0. */
  readonly state: string | null
  /** The agent was only asked how far it is: what it says is news where the state is another. */
  readonly isLook: boolean
}

export interface TaskLedgerOptions {
  readonly store: A2aStore
  readonly settings: () => { taskScope: 'principal' | 'team'; taskTtlMs: number; maxTasks: number }
  readonly onError: (error: unknown) => void
  /** A caller asked for a task of another, or an agent told one caller of a task of another. */
  readonly onForeign: (task: Pick<TaskRow, 'agentId' | 'taskId'>, by: 'caller' | 'agent') => void
  readonly now: () => number
}

/**
 * Who may see which task and continue which conversation. What was seen here is known at once and written within
 * milliseconds; everything else is read from the store.
 */
export class TaskLedger {
  readonly #options: TaskLedgerOptions
  readonly #known = new Map<string, TaskRow>()
  readonly #contexts = new Map<string, Principal>()
  #unwritten = new Map<string, TaskRow>()
  #unwrittenContexts: ContextRow[] = []
  #writing: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | null = null
  /** Monotonic milliseconds. */
  #flushedAt = 0
  /** Tasks that were not known, since those that are too many were last removed. */
  #begun = 0
  readonly #purging: NodeJS.Timeout

  constructor(options: TaskLedgerOptions) {
    this.#options = options
    this.#purging = setInterval(() => void this.#purge(), purgeEveryMs)
    this.#purging.unref()
  }

  /** Errors: -32001 for a task that nobody knows or that is somebody else's, which look the same. */
  async require(agentId: string, taskId: string, caller: Caller): Promise<TaskRow> {
    const known = await this.#find(agentId, taskId)
    if (known !== null && this.#maySee(caller, known)) return known
    await sleep(patienceMs)
    const late = known === null ? await this.#find(agentId, taskId) : null
    if (late !== null && this.#maySee(caller, late)) return late
    const foreign = known ?? late
    if (foreign !== null) this.#options.onForeign(foreign, 'caller')
    throw new A2aError('TASK_NOT_FOUND', 'Task not found')
  }

  /** Whose task it is; what an agent says of a task may be faster than the answer that begins it. */
  async ownerOf(agentId: string, taskId: string): Promise<string | null> {
    for (let look = 0; look < looks; look += 1) {
      const known = await this.#find(agentId, taskId)
      if (known !== null) return known.owner
      await sleep(patienceMs)
    }
    return null
  }

  /** Lets the caller continue a conversation that is its own or nobody's yet. Errors: -32602 for another's. */
  async claimContext(agentId: string, contextId: string, caller: Caller): Promise<void> {
    const key = keyOf(agentId, contextId)
    const owner =
      this.#contexts.get(key) ??
      (await this.#options.store.claimContext(agentId, contextId, principalOf(caller)))
    this.#remember(this.#contexts, key, owner)
    if (!this.#maySee(caller, owner))
      throw new A2aError('INVALID_PARAMS', 'message.contextId: this conversation is not known.')
  }

  /** Notes what an agent said. Errors: -32006 when it names a task of somebody else. */
  note(agentId: string, news: TaskNews, caller: Caller): void {
    if (news.contextId !== null) this.#noteContext(agentId, news.contextId, caller)
    if (news.taskId === null) return
    const key = keyOf(agentId, news.taskId)
    const now = this.#options.now()
    const known = this.#known.get(key)
    if (known !== undefined && !this.#maySee(caller, known)) {
      this.#options.onForeign(known, 'agent')
      throw new A2aError('INVALID_AGENT_RESPONSE', 'The agent answered with a task that is not known here.')
    }
    const state = stateAfter(known?.state ?? null, news.state)
    if (news.isLook && (known === undefined || known.state === state)) return
    if (known === undefined) this.#begun += 1
    const { owner, teamId } = known ?? principalOf(caller)
    this.#keep({
      agentId,
      taskId: news.taskId,
      owner,
      teamId,
      contextId: news.contextId ?? known?.contextId ?? null,
      state,
      createdAt: known?.createdAt ?? now,
      updatedAt: now,
    })
  }

  /** Notes what an agent said outside of any call; it cannot begin a task that way. */
  async hear(agentId: string, taskId: string, state: string | null): Promise<void> {
    const known = await this.#find(agentId, taskId)
    if (known === null) return
    this.#keep({ ...known, state: stateAfter(known.state, state), updatedAt: this.#options.now() })
  }

  /** A task that is remembered still, whoever's it is. */
  async #find(agentId: string, taskId: string): Promise<TaskRow | null> {
    const { store, settings, now } = this.#options
    const isOver = ({ updatedAt }: TaskRow): boolean => updatedAt < now() - settings().taskTtlMs
    const known = this.#known.get(keyOf(agentId, taskId))
    if (known !== undefined && !isOver(known)) return known
    const stored = await store.findTask(agentId, taskId)
    if (stored === null || isOver(stored)) return null
    this.recall([stored])
    return stored
  }

  /** Remembers what was read from the store, so that what agents say of it is held against that. */
  recall(tasks: readonly TaskRow[]): void {
    for (const task of tasks) {
      const key = keyOf(task.agentId, task.taskId)
      const known = this.#known.get(key)
      if (known === undefined || known.updatedAt < task.updatedAt) this.#remember(this.#known, key, task)
    }
  }

  #keep(task: TaskRow): void {
    const key = keyOf(task.agentId, task.taskId)
    this.#remember(this.#known, key, task)
    this.#unwritten.set(key, task)
    this.#writeSoon()
  }

  /** The agent does not know the task any more. */
  async forget(agentId: string, taskId: string): Promise<void> {
    const key = keyOf(agentId, taskId)
    this.#known.delete(key)
    this.#unwritten.delete(key)
    await this.#writing
    await this.#options.store.removeTask(agentId, taskId)
  }

  /** Drops what is remembered of an agent that was removed. */
  forgetAgent(agentId: string): void {
    for (const memory of [this.#known, this.#contexts, this.#unwritten])
      for (const key of memory.keys()) if (key.startsWith(`${agentId}\n`)) memory.delete(key)
    this.#unwrittenContexts = this.#unwrittenContexts.filter((context) => context.agentId !== agentId)
  }

  /** For a listing: everything noted here is in the store. */
  async written(): Promise<void> {
    await this.#flush()
  }

  async close(): Promise<void> {
    clearInterval(this.#purging)
    await this.#flush()
  }

  /** Whose team may see it too, for a listing. */
  visibleTeam(caller: Caller): string | null {
    return this.#options.settings().taskScope === 'team' ? caller.teamId : null
  }

  #maySee(caller: Caller, { owner, teamId }: Principal): boolean {
    if (caller.isAdmin || owner === principalOf(caller).owner) return true
    return teamId !== null && teamId === this.visibleTeam(caller)
  }

  #noteContext(agentId: string, contextId: string, caller: Caller): void {
    const key = keyOf(agentId, contextId)
    if (this.#contexts.has(key)) return
    const principal = principalOf(caller)
    this.#remember(this.#contexts, key, principal)
    this.#unwrittenContexts.push({ agentId, contextId, ...principal })
    this.#writeSoon()
  }

  #remember<Value>(memory: Map<string, Value>, key: string, value: Value): void {
    memory.delete(key)
    memory.set(key, value)
    if (memory.size <= this.#options.settings().maxTasks) return
    const oldest = memory.keys().next().value
    if (oldest !== undefined) memory.delete(oldest)
  }

  #writeSoon(): void {
    if (this.#timer !== null) return
    const waitMs = Math.max(0, this.#flushedAt + flushGapMs - performance.now())
    this.#timer = setTimeout(() => void this.#flush(), waitMs)
  }

  async #flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#flushedAt = performance.now()
    const tasks = [...this.#unwritten.values()]
    const contexts = this.#unwrittenContexts
    this.#unwritten = new Map()
    this.#unwrittenContexts = []
    const previous = this.#writing
    this.#writing = (async () => {
      await previous
      await this.#write(tasks, contexts).catch(this.#options.onError)
      if (this.#begun >= this.#options.settings().maxTasks) await this.#purge()
    })()
    await this.#writing
  }

  /** What turns out to be somebody else's, whom this process did not know of, is not believed any longer. */
  async #write(tasks: readonly TaskRow[], contexts: readonly ContextRow[]): Promise<void> {
    const { store, onForeign } = this.#options
    const [foreign, owned] = await Promise.all([
      tasks.length > 0 ? store.saveTasks(tasks) : [],
      contexts.length > 0 ? store.saveContexts(contexts) : [],
    ])
    for (const { agentId, contextId, owner, teamId } of owned)
      this.#remember(this.#contexts, keyOf(agentId, contextId), { owner, teamId })
    for (const task of foreign) {
      this.#known.delete(keyOf(task.agentId, task.taskId))
      onForeign(task, 'agent')
    }
  }

  async #purge(): Promise<void> {
    this.#begun = 0
    const { taskTtlMs, maxTasks } = this.#options.settings()
    const before = this.#options.now() - taskTtlMs
    for (const [key, task] of this.#known) if (task.updatedAt < before) this.#known.delete(key)
    try {
      const surplus = await this.#options.store.purge(before, maxTasks)
      for (const { agentId, taskId } of surplus) this.#known.delete(keyOf(agentId, taskId))
    } catch (error) {
      this.#options.onError(error)
    }
  }
}

/** A key that belongs to a user stands for that user, so that new keys see old tasks. */
export function principalOf({ kind, userId, keyHash, teamId }: Caller): Principal {
  if (userId !== null) return { owner: `user:${userId}`, teamId }
  return { owner: kind === 'key' ? `key:${keyHash}` : kind, teamId }
}

/** A task that has ended stays so. */
function stateAfter(known: string | null, heard: string | null): string | null {
  return isEnded(known) ? known : (heard ?? known)
}

const keyOf = (agentId: string, id: string): string => `${agentId}\n${id}`
