import type { ClientCapabilities } from '@modelcontextprotocol/client'
import { aliasOf, type McpServer } from '../server.ts'
import type { Connector } from './connector.ts'
import type { UpstreamIdentity } from './credentials.ts'
import { UpstreamFailure } from './upstream-failure.ts'
import type { UpstreamSession } from './upstream-session.ts'

const idleMs = 300_000
const stdioIdleMs = 600_000
const sweepMs = 15_000
const maxSessions = 32

/** Who needs a session, and for what. */
export interface SessionDemand {
  readonly server: McpServer
  readonly identity: UpstreamIdentity
  /** Sessions of legacy servers are never shared between principals. */
  readonly principal: string
  readonly capabilities: ClientCapabilities
}

export interface SessionLease {
  readonly session: UpstreamSession
  /** Gives the session back; safe to repeat. */
  release(): void
  /** The session is of no use to anybody any more. */
  discard(): void
}

interface Pooled {
  readonly server: McpServer
  readonly opening: Promise<UpstreamSession>
  readonly isExclusive: boolean
  users: number
  usedAt: number
  isGone: boolean
}

/**
 * Sessions at tool servers that are kept between calls. A modern server has one for each account. A legacy server has its
 * own for each principal; where the client can be asked something mid-call, a session has one call at a time, so that
 * it is clear who is asked.
 */
export class SessionPool {
  readonly #connector: Connector
  readonly #now: () => number
  readonly #groups = new Map<string, Pooled[]>()
  readonly #sweeper: NodeJS.Timeout

  constructor(connector: Connector, now: () => number) {
    this.#connector = connector
    this.#now = now
    this.#sweeper = setInterval(() => this.#sweep(), sweepMs).unref()
  }

  /** Errors: rejects with an `UpstreamFailure`. */
  async lease(demand: SessionDemand): Promise<SessionLease> {
    const era = this.#connector.eraOf(demand.server)
    const isAskable = Object.keys(demand.capabilities).some((name) => name !== 'extensions')
    const isExclusive = era !== 'modern' && isAskable
    const key = keyOf(demand, era)
    const pooled = this.#take(key, isExclusive) ?? this.#open(key, demand, era, isExclusive)
    pooled.users += 1
    try {
      const session = await pooled.opening
      // Now it is known that all its callers share one.
      if (era === null && session.era === 'modern') this.#move(key, keyOf(demand, 'modern'), pooled)
      return this.#leaseOf(pooled, session)
    } catch (error) {
      pooled.isGone = true
      this.#forget(pooled)
      throw error
    }
  }

  /** Closes the sessions of servers that are not in use any more. */
  retain(servers: readonly McpServer[]): void {
    const current = new Set(servers)
    for (const pooled of [...this.#groups.values()].flat())
      if (!current.has(pooled.server)) this.#close(pooled)
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeper)
    const all = [...this.#groups.values()].flat()
    this.#groups.clear()
    await Promise.all(all.map(({ opening }) => opening.then((session) => session.close()).catch(() => {})))
  }

  #take(key: string, isExclusive: boolean): Pooled | null {
    const members = this.#groups.get(key) ?? []
    return members.find(({ users, isGone }) => !isGone && (!isExclusive || users === 0)) ?? null
  }

  #open(key: string, demand: SessionDemand, era: string | null, isExclusive: boolean): Pooled {
    const members = this.#groups.get(key) ?? []
    if (members.length >= maxSessions) {
      const message = `${aliasOf(demand.server)} has as many sessions as it may; try again shortly.`
      throw new UpstreamFailure('busy', message)
    }
    const { server, identity } = demand
    // To a modern server the capabilities of each client go with its calls.
    const capabilities = era === 'modern' ? {} : demand.capabilities
    const pooled: Pooled = {
      server,
      isExclusive,
      users: 0,
      usedAt: this.#now(),
      isGone: false,
      opening: this.#connector
        .connect(server, identity, capabilities, () => {})
        .then((session) => {
          session.whenClosed(() => {
            pooled.isGone = true
            this.#forget(pooled)
          })
          return session
        }),
    }
    this.#groups.set(key, [...members, pooled])
    return pooled
  }

  #leaseOf(pooled: Pooled, session: UpstreamSession): SessionLease {
    let isReleased = false
    const release = (): void => {
      if (isReleased) return
      isReleased = true
      pooled.users -= 1
      pooled.usedAt = this.#now()
    }
    return {
      session,
      release,
      discard: () => {
        release()
        this.#close(pooled)
      },
    }
  }

  #move(from: string, to: string, pooled: Pooled): void {
    if (from === to || pooled.isGone) return
    const before = (this.#groups.get(from) ?? []).filter((member) => member !== pooled)
    if (before.length === 0) this.#groups.delete(from)
    else this.#groups.set(from, before)
    const members = this.#groups.get(to) ?? []
    if (!members.includes(pooled)) this.#groups.set(to, [...members, pooled])
  }

  #sweep(): void {
    for (const pooled of [...this.#groups.values()].flat()) {
      const limit = pooled.server.settings.transport === 'stdio' ? stdioIdleMs : idleMs
      if (pooled.users === 0 && this.#now() - pooled.usedAt > limit) this.#close(pooled)
    }
  }

  #close(pooled: Pooled): void {
    pooled.isGone = true
    this.#forget(pooled)
    void pooled.opening.then((session) => session.close()).catch(() => {})
  }

  #forget(pooled: Pooled): void {
    for (const [key, members] of this.#groups) {
      if (!members.includes(pooled)) continue
      const others = members.filter((member) => member !== pooled)
      if (others.length === 0) this.#groups.delete(key)
      else this.#groups.set(key, others)
    }
  }
}

function keyOf({ server, identity, principal, capabilities }: SessionDemand, era: string | null): string {
  const account = [server.settings.serverId, server.revision, identity.key]
  return JSON.stringify(era === 'modern' ? account : [...account, principal, fingerprint(capabilities)])
}

/** Which kinds of questions the client can be asked. */
function fingerprint(capabilities: ClientCapabilities): string {
  return JSON.stringify(Object.entries(capabilities).sort(([a], [b]) => (a < b ? -1 : 1)))
}
