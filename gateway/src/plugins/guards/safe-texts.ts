import { createHash } from 'node:crypto'

const mostRemembered = 10_000
const rememberedMs = 600_000

/** Texts that were found harmless a short while ago, by their digests: a conversation brings all of its texts with every turn. */
export class SafeTexts {
  readonly #until = new Map<string, number>()

  /** Those that have to be looked at, each once. */
  unknown(texts: readonly string[]): readonly string[] {
    const now = performance.now()
    return [...new Set(texts)].filter((text) => (this.#until.get(digestOf(text)) ?? 0) <= now)
  }

  add(text: string): void {
    const digest = digestOf(text)
    this.#until.delete(digest)
    this.#until.set(digest, performance.now() + rememberedMs)
    const [oldest] = this.#until.keys()
    if (this.#until.size > mostRemembered && oldest !== undefined) this.#until.delete(oldest)
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64')
}
