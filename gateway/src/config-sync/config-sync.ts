import type { ConfigDocument } from '../config/load-config.ts'
import type { Leadership } from '../leadership/leader-election.ts'
import { type RemoteSource, RemoteSourceError } from './remote-source.ts'
import type { SnapshotStore } from './snapshot-store.ts'

/** How often replicas that were not told look for what another one has published. */
const followMs = 5_000
/** How long a replica waits at its start for the leader to publish the first document. */
const firstDocumentMs = 5_000
const firstLookMs = 250

export interface Problem {
  readonly path: string
  readonly message: string
}

export type SyncOutcome =
  /** The place answered; what it holds is in force now. */
  | { readonly kind: 'synced' }
  | { readonly kind: 'unreachable'; readonly message: string }
  /** The place answered with a document that cannot be used; the last good one stays. */
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }

/** How the fetching goes, in the process that does it. */
export interface SyncState {
  readonly etag: string | null
  /** Epoch milliseconds. */
  readonly lastAttemptAt: number | null
  /** When the place last answered. */
  readonly lastSyncAt: number | null
  readonly nextSyncAt: number | null
  readonly lastError: string | null
  readonly isRunning: boolean
  /** Intervals that were left to the leader. */
  readonly skippedSyncs: number
}

export interface ConfigSyncOptions {
  readonly source: RemoteSource
  /** Digest of the place. */
  readonly sourceId: string
  readonly snapshots: SnapshotStore
  readonly seal: (text: string) => string
  /** Null for a text sealed with another key. */
  readonly open: (sealed: string) => string | null
  readonly leadership: () => Leadership
  /** Asks the place at each interval. */
  readonly polls: boolean
  readonly intervalMs: number
  /** Why a document cannot be used; empty for one that can. */
  readonly judge: (document: ConfigDocument) => readonly Problem[]
  /** Tells other replicas that a document was published. */
  readonly announce: () => void
  readonly log: (level: 'info' | 'error', event: string, fields: Readonly<Record<string, string>>) => void
  readonly now: () => number
}

/**
 * Keeps the configuration of a remote place in force: the leader fetches it and publishes what can be used, and every
 * replica takes what is published. A document that cannot be used changes nothing anywhere.
 */
export class ConfigSync {
  readonly #options: ConfigSyncOptions
  #apply: ((document: ConfigDocument) => Promise<void>) | null = null
  #document: ConfigDocument | null = null
  /** What whoever started with it, or `apply`, was given. */
  #given: ConfigDocument | null = null
  #etag: string | null = null
  #version = 0
  #lastAttemptAt: number | null = null
  #lastSyncAt: number | null = null
  #nextSyncAt: number | null = null
  #lastError: string | null = null
  #skippedSyncs = 0
  #timers: NodeJS.Timeout[] = []
  #underWay: Promise<unknown> = Promise.resolve()

  constructor(options: ConfigSyncOptions) {
    this.#options = options
  }

  /** The document in force; null until there is one. */
  get document(): ConfigDocument | null {
    return this.#document
  }

  get state(): SyncState {
    return {
      etag: this.#etag,
      lastAttemptAt: this.#lastAttemptAt,
      lastSyncAt: this.#lastSyncAt,
      nextSyncAt: this.#nextSyncAt,
      lastError: this.#lastError,
      isRunning: this.#options.polls && this.#apply !== null,
      skippedSyncs: this.#skippedSyncs,
    }
  }

  /** Finds the document to start with: what the leader has published, else what the place holds. */
  async open(): Promise<void> {
    await this.follow()
    await this.#options.leadership().start()
    if (this.#token === null) await this.#awaitFirst()
    if (this.#token !== null || this.#document === null) await this.fetch()
    this.#given = this.#document
  }

  /** From now on documents are put in force by `apply`, and looked for. */
  start(apply: (document: ConfigDocument) => Promise<void>): void {
    const { polls, intervalMs, now } = this.#options
    this.#apply = apply
    // One may have come while the gateway was put together.
    void this.#inTurn(() => this.#give())
    if (this.#lastError !== null) this.#log('error', 'config_sync_failed', { reason: this.#lastError })
    this.#timers.push(setInterval(() => void this.follow(), followMs))
    if (polls) {
      this.#nextSyncAt = now() + intervalMs
      this.#timers.push(setInterval(() => this.#tick(), intervalMs))
    }
    for (const timer of this.#timers) timer.unref()
  }

  /** This replica has become the leader, and need not wait for the next interval. */
  lead(): void {
    if (this.state.isRunning) void this.fetch()
  }

  /** Ends the looking, and waits for what is under way. */
  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    this.#apply = null
    await this.#underWay
  }

  /** Asks the place now, whoever leads. */
  fetch(): Promise<SyncOutcome> {
    return this.#inTurn(async () => {
      const outcome = await this.#fetch()
      this.#lastError = describeFailure(outcome)
      if (this.#lastError !== null) this.#log('error', 'config_sync_failed', { reason: this.#lastError })
      return outcome
    })
  }

  /** Takes what has been published since. */
  follow(): Promise<void> {
    return this.#inTurn(async () => {
      try {
        await this.#follow()
      } catch (error) {
        // The database is away; the next look finds what there is.
        this.#lastError ??= `the shared configuration cannot be read: ${(error as Error).message}`
      }
    })
  }

  get #token(): number | null {
    return this.#options.leadership().token
  }

  #tick(): void {
    const { intervalMs, now } = this.#options
    this.#nextSyncAt = now() + intervalMs
    if (this.#token === null) this.#skippedSyncs += 1
    else void this.fetch()
  }

  async #awaitFirst(): Promise<void> {
    for (let waited = 0; this.#document === null && waited < firstDocumentMs; waited += firstLookMs) {
      await new Promise((resolve) => setTimeout(resolve, firstLookMs))
      await this.follow()
    }
  }

  async #fetch(): Promise<SyncOutcome> {
    const { source, now, judge } = this.#options
    this.#lastAttemptAt = now()
    let found: Awaited<ReturnType<RemoteSource['fetch']>>
    try {
      found = await source.fetch(this.#etag)
    } catch (error) {
      if (error instanceof RemoteSourceError) return { kind: 'unreachable', message: error.message }
      throw error
    }
    this.#lastSyncAt = now()
    if (found === null || (found.text === this.#document?.text && found.etag === this.#etag))
      return { kind: 'synced' }
    const document = this.#describe(found.text)
    const problems = judge(document)
    if (problems.length > 0) return { kind: 'refused', problems }
    try {
      await this.#publish(document, found.etag)
    } catch (error) {
      // What is not published is in force nowhere, so that replicas do not differ.
      return { kind: 'unreachable', message: `it cannot be shared: ${(error as Error).message}` }
    }
    return { kind: 'synced' }
  }

  async #publish(document: ConfigDocument, etag: string | null): Promise<void> {
    const { snapshots, sourceId, seal, announce } = this.#options
    const content = seal(document.text)
    const version = await snapshots.publish({ source: sourceId, token: this.#token, etag, content })
    // Another replica has become the leader meanwhile, and has published.
    if (version === null) return this.#follow()
    await this.#adopt(document, version, etag)
    announce()
  }

  async #follow(): Promise<void> {
    const { snapshots, sourceId, open, judge } = this.#options
    if ((await snapshots.version(sourceId)) <= this.#version) return
    const snapshot = await snapshots.read(sourceId)
    if (snapshot === null || snapshot.version <= this.#version) return
    const text = open(snapshot.content)
    const document = text === null ? null : this.#describe(text)
    const failure =
      document === null
        ? 'it was encrypted with a key that is not configured'
        : formatProblems(judge(document))
    // Looked at once: what cannot be used here does not get better by itself.
    this.#version = snapshot.version
    if (document !== null && failure === '') return this.#adopt(document, snapshot.version, snapshot.etag)
    this.#lastError = `the shared configuration cannot be used: ${failure}`
    this.#log('error', 'config_sync_failed', { reason: this.#lastError })
  }

  async #adopt(document: ConfigDocument, version: number, etag: string | null): Promise<void> {
    if (document.text !== this.#document?.text) {
      this.#document = document
      this.#log('info', 'config_synced', { version: String(version) })
    }
    this.#version = version
    this.#etag = etag
    this.#lastError = null
    await this.#give()
  }

  /** Has the document in force applied, once. */
  async #give(): Promise<void> {
    if (this.#apply === null || this.#document === null || this.#document === this.#given) return
    this.#given = this.#document
    await this.#apply(this.#document)
  }

  #describe(text: string): ConfigDocument {
    const { kind, location } = this.#options.source
    return { kind, location, text }
  }

  #log(level: 'info' | 'error', event: string, fields: Readonly<Record<string, string>>): void {
    this.#options.log(level, event, { location: this.#options.source.location, ...fields })
  }

  /** One thing after the other, in the order in which it was asked for. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#underWay.then(work)
    this.#underWay = result.catch(() => {})
    return result
  }
}

function describeFailure(outcome: SyncOutcome): string | null {
  if (outcome.kind === 'synced') return null
  return outcome.kind === 'unreachable' ? outcome.message : formatProblems(outcome.problems)
}

const formatProblems = (problems: readonly Problem[]): string =>
  problems.map(({ path, message }) => `${path}: ${message}`).join('; ')
