import { GatewayError } from '@routeiq/contract'
import type { NewTrace } from './trace.ts'
import type { TraceStore } from './trace-store.ts'

const maxRowsPerWrite = 2_000
/** So many rows are worth a write of their own beside one that is under way: the database has more than one core. */
const bulkRows = 200
const maxWrites = 2
const maxWaitingRows = 50_000

interface Waiting {
  readonly traces: readonly NewTrace[]
  readonly resolve: (saved: ReadonlySet<string>) => void
  readonly reject: (error: unknown) => void
}

interface Lane {
  readonly waiting: Waiting[]
  /** Under way. */
  writes: number
}

/**
 * Writes traces before they are acknowledged, and many requests with one commit: what arrives while a write of the
 * workspace is under way goes together with the next one, which begins beside it once there is enough for it.
 */
export class TraceWriter {
  readonly #store: Pick<TraceStore, 'saveTraces'>
  readonly #lanes = new Map<string, Lane>()
  #rows = 0

  constructor(store: Pick<TraceStore, 'saveTraces'>) {
    this.#store = store
  }

  /**
   * Resolves once the traces are durable, with the ids that were new. Errors: `over_capacity` when too much is
   * waiting, `storage_unavailable` when the database does not answer; then none of them is kept.
   */
  write(workspaceId: string, traces: readonly NewTrace[]): Promise<ReadonlySet<string>> {
    if (this.#rows > 0 && this.#rows + traces.length > maxWaitingRows) {
      throw new GatewayError('over_capacity', 'Too many traces are being written; send them again shortly.', {
        retryAfterSeconds: 1,
      })
    }
    this.#rows += traces.length
    return new Promise((resolve, reject) => {
      const lane = this.#lanes.get(workspaceId) ?? { waiting: [], writes: 0 }
      this.#lanes.set(workspaceId, lane)
      lane.waiting.push({ traces, resolve, reject })
      if (isWorthWriting(lane)) void this.#run(workspaceId, lane)
    })
  }

  async #run(workspaceId: string, lane: Lane): Promise<void> {
    lane.writes += 1
    const group = takeGroup(lane.waiting)
    await this.#writeGroup(workspaceId, group)
    for (const { traces } of group) this.#rows -= traces.length
    lane.writes -= 1
    if (isWorthWriting(lane)) void this.#run(workspaceId, lane)
    else if (lane.writes === 0) this.#lanes.delete(workspaceId)
  }

  async #writeGroup(workspaceId: string, group: readonly Waiting[]): Promise<void> {
    try {
      const saved = await this.#store.saveTraces(
        workspaceId,
        group.flatMap(({ traces }) => traces),
      )
      shareOut(new Set(saved), group)
    } catch (error) {
      const [only] = group
      // One request must not fail for what another sent with it.
      if (group.length > 1) for (const one of group) await this.#writeGroup(workspaceId, [one])
      else only?.reject(error)
    }
  }
}

function isWorthWriting({ waiting, writes }: Lane): boolean {
  if (writes === 0) return waiting.length > 0
  return writes < maxWrites && countRows(waiting) >= bulkRows
}

function countRows(waiting: readonly Waiting[]): number {
  let rows = 0
  for (const { traces } of waiting) rows += traces.length
  return rows
}

function takeGroup(waiting: Waiting[]): readonly Waiting[] {
  let rows = 0
  let count = 0
  for (const { traces } of waiting) {
    if (count > 0 && rows + traces.length > maxRowsPerWrite) break
    rows += traces.length
    count += 1
  }
  return waiting.splice(0, count)
}

/** Of two requests with the same new id the first one has it. */
function shareOut(saved: Set<string>, group: readonly Waiting[]): void {
  for (const { traces, resolve } of group) {
    const own = new Set<string>()
    for (const { id } of traces) if (saved.delete(id)) own.add(id)
    resolve(own)
  }
}
