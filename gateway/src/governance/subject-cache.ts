import type { SubjectKind, SubjectRecord, SubjectStore } from '../storage/subject-store.ts'
import { type Allowances, subjectAllowances } from './allowances.ts'

type Kind = Extract<SubjectKind, 'customer' | 'tag'>

/** What a request needs to know of a customer or a tag; null when nobody has made it. */
export interface CachedSubject {
  readonly record: SubjectRecord
  readonly allowances: Allowances
}

interface Entry {
  readonly subject: CachedSubject | null
  readonly freshUntil: number
}

const ttlMs = 60_000
const maxEntries = 20_000

/** Customers and tags by name, in memory. Where there are none at all, asking costs nothing. */
export class SubjectCache {
  readonly #store: Pick<SubjectStore, 'find' | 'hasAny'>
  readonly #now: () => number
  readonly #entries = new Map<string, Entry>()
  readonly #existing = new Set<Kind>()

  constructor(store: Pick<SubjectStore, 'find' | 'hasAny'>, now: () => number) {
    this.#store = store
    this.#now = now
  }

  /** Looks which kinds exist; to be called at the start and after changes. */
  async refresh(): Promise<void> {
    for (const kind of ['customer', 'tag'] as const) {
      if (await this.#store.hasAny(kind)) this.#existing.add(kind)
      else this.#existing.delete(kind)
    }
  }

  /** Forgets what is known of these subjects, and everything that may have changed with a shared budget. */
  forget(changed: readonly { readonly kind: SubjectKind; readonly id: string }[]): void {
    for (const { kind, id } of changed) {
      if (kind === 'budget') this.#entries.clear()
      if (kind === 'customer' || kind === 'tag') {
        this.#existing.add(kind)
        this.#entries.delete(nameOf(kind, id))
      }
    }
  }

  has(kind: Kind): boolean {
    return this.#existing.has(kind)
  }

  get(kind: Kind, id: string): CachedSubject | null | Promise<CachedSubject | null> {
    if (!this.#existing.has(kind)) return null
    const entry = this.#entries.get(nameOf(kind, id))
    return entry !== undefined && entry.freshUntil > this.#now() ? entry.subject : this.#load(kind, id)
  }

  async #load(kind: Kind, id: string): Promise<CachedSubject | null> {
    const record = await this.#store.find(kind, id)
    const budgetId = record?.settings['budget_id']
    const shared = typeof budgetId === 'string' ? await this.#store.find('budget', budgetId) : null
    const subject = record === null ? null : { record, allowances: subjectAllowances(record, shared) }
    if (this.#entries.size >= maxEntries) {
      const oldest = this.#entries.keys().next().value
      if (oldest !== undefined) this.#entries.delete(oldest)
    }
    this.#entries.set(nameOf(kind, id), { subject, freshUntil: this.#now() + ttlMs })
    return subject
  }
}

const nameOf = (kind: Kind, id: string): string => `${kind} ${id}`
