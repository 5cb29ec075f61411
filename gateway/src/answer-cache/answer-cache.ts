import type { Embedder } from '@routeiq/router'
import { AnswersUnderWay } from './answers-under-way.ts'
import { keyPrefix } from './cache-key.ts'
import { type CachedAnswer, formatShared, parseShared } from './cached-answer.ts'
import { type Question, SimilarQuestions } from './similar-questions.ts'

/** Where replicas keep answers for one another. Both calls are bounded in time and never reject for good reasons alone. */
export interface SharedAnswers {
  get(key: string): Promise<string | null>
  set(key: string, value: string, ttlMs: number): Promise<void>
  delete(key: string): Promise<void>
}

export interface AnswerCacheOptions {
  /** Null keeps answers in this process only. */
  readonly shared: SharedAnswers | null
  readonly maxEntries: () => number
  /** Turns questions into vectors, for those who ask nearly the same. */
  readonly embedder: () => Embedder
  readonly countSimilar: (result: 'hit' | 'miss') => void
  readonly now: () => number
}

export interface FoundAnswer {
  readonly answer: CachedAnswer
  readonly tier: CacheTier
  /** Cosine of the two questions, where it was given to another one. */
  readonly similarity?: number
}

/** Where an answer was found: in memory, where replicas share it, just made for another, or given to a similar question. */
export type CacheTier = 'l1' | 'l2' | 'coalesced' | 'semantic'

export interface CacheStats {
  readonly hits: Readonly<Record<CacheTier, number>>
  readonly misses: number
  readonly entries: number
  readonly bytes: number
  readonly errors: number
}

interface Entry {
  readonly answer: CachedAnswer
  readonly expiresAt: number
  readonly bytes: number
}

const maxBytes = 64 * 1024 * 1024
/** Longer answers are rare and would push out many others. */
export const maxAnswerBytes = 1024 * 1024

/**
 * Answers that were given before, by the name of their request: the latest used ones in memory, and all that live on in the
 * state that replicas share. What fails there is counted and otherwise as if nothing had been kept.
 */
export class AnswerCache {
  readonly #options: AnswerCacheOptions
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>()
  readonly underWay = new AnswersUnderWay()
  /** The questions behind answers. */
  readonly questions: SimilarQuestions
  #bytes = 0
  #asked = 0
  readonly #hits: Record<CacheTier, number> = { l1: 0, l2: 0, coalesced: 0, semantic: 0 }
  #errors = 0

  constructor(options: AnswerCacheOptions) {
    this.#options = options
    this.questions = new SimilarQuestions(options.embedder)
  }

  get stats(): CacheStats {
    const hits = { ...this.#hits }
    return {
      hits,
      misses: this.#asked - Object.values(hits).reduce((sum, count) => sum + count, 0),
      entries: this.#entries.size,
      bytes: this.#bytes,
      errors: this.#errors,
    }
  }

  /** At once when memory has it or nothing is shared. Answers older than `maxAgeMs` are not taken. */
  find(key: string, maxAgeMs: number | null): FoundAnswer | null | Promise<FoundAnswer | null> {
    this.#asked += 1
    const entry = this.#take(key)
    if (entry !== null && this.#isYoung(entry.answer, maxAgeMs)) {
      this.#hits.l1 += 1
      return { answer: entry.answer, tier: 'l1' }
    }
    if (this.#options.shared !== null && entry === null) return this.#findShared(key, maxAgeMs)
    return null
  }

  /** The answer to a question at least as similar as `threshold`; for one that was not found. */
  async findSimilar(
    question: Question,
    threshold: number,
    maxAgeMs: number | null,
  ): Promise<FoundAnswer | null> {
    const { countSimilar } = this.#options
    for (const { key, similarity } of this.questions.find(question, threshold)) {
      const answer = this.#take(key)?.answer ?? (await this.#readShared(key))
      if (answer === null) this.questions.forget(key)
      else if (this.#isYoung(answer, maxAgeMs)) {
        this.#hits.semantic += 1
        countSimilar('hit')
        return { answer, tier: 'semantic', similarity }
      }
    }
    countSimilar('miss')
    return null
  }

  /** An answer that was not found has come from whoever made it for another. */
  share(answer: CachedAnswer): FoundAnswer {
    this.#hits.coalesced += 1
    return { answer, tier: 'coalesced' }
  }

  /** Keeps an answer, for similar questions as well unless `question` is null; whoever shares it hears of it in their own time. */
  keep(key: string, answer: CachedAnswer, ttlMs: number, question: Question | null = null): void {
    if (answer.text.length > maxAnswerBytes || ttlMs <= 0) return
    this.#remember(key, answer, this.#options.now() + ttlMs)
    if (question !== null) this.questions.keep(question, key)
    this.#options.shared?.set(key, formatShared(answer), ttlMs).catch(this.#countError)
  }

  /** Forgets answers by name, here and where they are shared. */
  async forget(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.#drop(key)
    const { shared } = this.#options
    if (shared === null) return
    await Promise.all(keys.map((key) => shared.delete(key).catch(this.#countError)))
  }

  /** Forgets all answers whose names begin so, of those this process knows. Resolves with their number. */
  async flush(prefix: string): Promise<number> {
    const start = prefix.startsWith(keyPrefix) ? prefix : keyPrefix + prefix
    const keys = [...this.#entries.keys()].filter((key) => key.startsWith(start))
    await this.forget(keys)
    return keys.length
  }

  /** The latest used first. */
  list(limit: number): { key: string; bytes: number; ageMs: number; expiresInMs: number }[] {
    const now = this.#options.now()
    return [...this.#entries]
      .reverse()
      .slice(0, limit)
      .map(([key, { answer, bytes, expiresAt }]) => ({
        ...{ key, bytes, ageMs: now - answer.storedAt, expiresInMs: expiresAt - now },
      }))
  }

  readonly #countError = (): void => {
    this.#errors += 1
  }

  async #findShared(key: string, maxAgeMs: number | null): Promise<FoundAnswer | null> {
    const answer = await this.#readShared(key)
    if (answer === null || !this.#isYoung(answer, maxAgeMs)) return null
    this.#hits.l2 += 1
    // How long it lives on is known where it is shared; here it is asked for again soon.
    this.#remember(key, answer, this.#options.now() + sharedRememberedMs)
    return { answer, tier: 'l2' }
  }

  async #readShared(key: string): Promise<CachedAnswer | null> {
    const text = (await this.#options.shared?.get(key).catch(this.#countError)) ?? null
    return text === null ? null : parseShared(text)
  }

  #isYoung(answer: CachedAnswer, maxAgeMs: number | null): boolean {
    return maxAgeMs === null || this.#options.now() - answer.storedAt <= maxAgeMs
  }

  #take(key: string): Entry | null {
    const entry = this.#entries.get(key)
    if (entry === undefined) return null
    if (entry.expiresAt <= this.#options.now()) {
      this.#drop(key)
      return null
    }
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry
  }

  #remember(key: string, answer: CachedAnswer, expiresAt: number): void {
    this.#drop(key)
    const bytes = answer.text.length * 2 + key.length
    this.#entries.set(key, { answer, expiresAt, bytes })
    this.#bytes += bytes
    const maxEntries = this.#options.maxEntries()
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= maxEntries && this.#bytes <= maxBytes) return
      this.#drop(oldest)
    }
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    this.#bytes -= entry.bytes
  }
}

/** What came from elsewhere may have been deleted there since. */
const sharedRememberedMs = 5_000
