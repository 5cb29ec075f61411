import type { Exchange } from '../../http/exchange.ts'
import { queryOf } from '../../http/path.ts'

/** Not among the characters that ids are made of. */
const separator = '~'

/** The other serving processes of this gateway. */
export interface SiblingProcesses {
  /** Letters and digits that no two of them share. */
  readonly ownName: string
  /** Has one of them answer a request whose body was read here; resolves with false when there is no such process. */
  forward(name: string, exchange: Exchange, body: Buffer | null): Promise<boolean>
}

/**
 * Sessions and calls that wait for their client live in one process. Their ids say in which, so that a request that
 * arrives at another one is answered by it.
 */
export class Siblings {
  readonly #processes: SiblingProcesses | null

  /** Null where one process serves alone. */
  constructor(processes: SiblingProcesses | null) {
    this.#processes = processes
  }

  /** An id of something that is held here. */
  mark(id: string): string {
    return this.#processes === null ? id : `${this.#processes.ownName}${separator}${id}`
  }

  /** False when the request is for this process, or for one that is gone. `body` is the message of a POST. */
  async forward(exchange: Exchange, body: unknown): Promise<boolean> {
    const processes = this.#processes
    if (processes === null) return false
    const name = holderOf(heldIdOf(exchange, body))
    if (name === null || name === processes.ownName) return false
    return processes.forward(name, exchange, body === undefined ? null : Buffer.from(JSON.stringify(body)))
  }
}

function holderOf(id: string | null): string | null {
  return id === null || !id.includes(separator) ? null : id.slice(0, id.indexOf(separator))
}

function heldIdOf(exchange: Exchange, body: unknown): string | null {
  const session = exchange.header('mcp-session-id') ?? queryOf(exchange.target).get('sessionId')
  if (session !== null) return session
  const { params } = (body ?? {}) as { params?: { requestState?: unknown } | null }
  return typeof params?.requestState === 'string' ? params.requestState : null
}
