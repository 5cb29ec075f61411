import { GatewayError } from '@routeiq/contract'
import { WriteBehind } from '../write-behind.ts'
import type { AuditEvent, AuditMetadata, AuditRecord } from './audit-record.ts'
import type { AuditStore } from './audit-store.ts'

const flushAfterMs = 200
const maxTextLength = 512
const maxMetadataMembers = 32
const loneSurrogate = /\p{Surrogate}/gu

/** What happens when the log cannot be written: nothing, or what would not be recorded is not done. */
export type AuditFailMode = 'open' | 'closed'

export interface AuditTrailOptions {
  /** Null where the log is off. */
  readonly store: Pick<AuditStore, 'append' | 'probe'> | null
  readonly failMode: {
    readonly changes: AuditFailMode
    readonly calls: AuditFailMode
  }
  /** Takes secrets out of a text. */
  readonly redact: (text: string) => string
  /** Every record, also as a line of the log. */
  readonly mirror: (record: AuditRecord) => void
  readonly onWriteFailed: (error: unknown, waiting: number) => void
  /** A record there was no room for. */
  readonly onDropped: () => void
  readonly newId: () => string
  readonly now: () => number
}

/** Who did what: takes every event at once, and writes them some milliseconds later in batches. */
export class AuditTrail {
  readonly #options: AuditTrailOptions
  readonly #queue: WriteBehind<AuditRecord> | null

  constructor(options: AuditTrailOptions) {
    const { store, onWriteFailed } = options
    this.#options = options
    this.#queue =
      store === null
        ? null
        : new WriteBehind({
            flushAfterMs,
            keyOf: ({ id }) => id,
            write: (records) => store.append(records),
            onWriteFailed,
          })
  }

  record(event: AuditEvent): void {
    if (this.#queue === null) return
    const record = this.#complete(event)
    this.#options.mirror(record)
    if (!this.#queue.add(record)) this.#options.onDropped()
  }

  /** Resolves when a change may be made. Errors: 503 `audit_log_unavailable` where it could not be recorded and must be. */
  async admitChange(): Promise<void> {
    const { store, failMode } = this.#options
    if (store === null || failMode.changes === 'open') return
    this.#requireRoom()
    await store.probe().catch((error: unknown) => {
      throw unavailable(error)
    })
  }

  /** Resolves when a change that must be recorded is, or when writing has failed; at once for all others. */
  async settleChange(): Promise<void> {
    if (this.#options.failMode.changes === 'closed') await this.flush()
  }

  /** The same as `admitChange` for calls of tools and models, by what the last write said: nothing waits for the database. */
  admitCall(): void {
    if (this.#options.failMode.calls === 'closed') this.#requireRoom()
  }

  /** Writes what waits; resolves when it is written or a write has failed. */
  async flush(): Promise<void> {
    await this.#queue?.flush()
  }

  async close(): Promise<void> {
    await this.#queue?.close()
  }

  #requireRoom(): void {
    if (this.#queue?.isFailing) throw unavailable()
  }

  #complete({ actor, outcomeReason = null, metadata = {}, ...event }: AuditEvent): AuditRecord {
    const { newId, now } = this.#options
    return {
      id: newId(),
      timestamp: now(),
      requestId: event.requestId,
      actorType: actor.type,
      actorId: actor.id,
      action: event.action,
      resourceType: event.resourceType,
      resourceId: this.#clean(event.resourceId),
      outcome: event.outcome,
      outcomeReason: this.#clean(outcomeReason),
      metadata: this.#cleanMetadata(
        actor.userId === null ? metadata : { user_id: actor.userId, ...metadata },
      ),
    }
  }

  #cleanMetadata(metadata: AuditMetadata): AuditMetadata {
    const members = Object.entries(metadata).slice(0, maxMetadataMembers)
    return Object.fromEntries(
      members.map(([name, value]) => [name, typeof value === 'string' ? this.#clean(value) : value]),
    )
  }

  /** Without secrets, and without what PostgreSQL cannot store: NUL and halves of characters. */
  #clean<Text extends string | null>(text: Text): Text {
    if (text === null) return text
    return this.#options
      .redact(text)
      .replaceAll('\0', '')
      .slice(0, maxTextLength)
      .replace(loneSurrogate, '\ufffd') as Text
  }
}

function unavailable(cause?: unknown): GatewayError {
  return new GatewayError(
    'audit_log_unavailable',
    'The audit log cannot be written, and what is not recorded is not done (AUDIT_LOG_FAIL_MODE=closed). Nothing was changed.',
    { cause, extras: {} },
  )
}
