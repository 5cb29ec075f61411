import { randomBytes } from 'node:crypto'
import { BlobSealer } from '../../conversation/blob-sealer.ts'

/** A task as its server knows it. */
export interface OwnTask {
  readonly serverId: string
  readonly taskId: string
}

/**
 * Ids of tasks that clients get in place of those of servers: they tell whose task it is and where, in every process, and nobody can
 * guess another's.
 */
export class TaskIds {
  readonly #sealer: BlobSealer

  constructor(secret: string | Buffer) {
    this.#sealer = new BlobSealer(secret, randomBytes)
  }

  seal({ serverId, taskId }: OwnTask, principal: string): string {
    const payload = JSON.stringify([serverId, taskId])
    return this.#sealer.seal({ form: 'mcp', family: 'task', account: principal, payload })
  }

  /** Null for what is forged or another's. */
  open(id: unknown, principal: string): OwnTask | null {
    const blob = typeof id === 'string' ? this.#sealer.open(id) : null
    if (blob === null || blob.family !== 'task' || blob.account !== principal) return null
    const [serverId, taskId] = JSON.parse(blob.payload) as [string, string]
    return { serverId, taskId }
  }
}
