import { quoteJson } from './json-text.ts'

const capacity = 4096
const maximumLength = 256
const lifetimeMs = 1000

/**
 * Turns the text members of a line into JSON string literals, redacted and at most 256 characters long. The names of
 * models, keys and teams come again with each request, so their literals are remembered; for a second only, because
 * the redactor may learn new secrets.
 */
export class LabelQuoter {
  readonly #redactText: (text: string) => string
  readonly #literals = new Map<string, string>()
  #freshUntil = 0
  #latest = ''
  #latestLiteral = '""'

  constructor(redactText: (text: string) => string) {
    this.#redactText = redactText
  }

  /** Says what time it is, in epoch milliseconds; call it once for each line. */
  expire(epochMs: number): void {
    if (epochMs < this.#freshUntil) return
    this.#literals.clear()
    this.#latest = ''
    this.#latestLiteral = '""'
    this.#freshUntil = epochMs + lifetimeMs
  }

  /** For names that come again. */
  quote(text: string): string {
    return this.#literals.get(text) ?? this.#remember(text)
  }

  /** For values that do not, such as request ids; asked for twice in a row, as by two lines of one request, made once. */
  quoteOnce(text: string): string {
    if (text !== this.#latest) {
      this.#latest = text
      this.#latestLiteral = quoteJson(this.#redactText(text).slice(0, maximumLength))
    }
    return this.#latestLiteral
  }

  #remember(text: string): string {
    const literal = this.quoteOnce(text)
    if (text.length <= maximumLength && this.#literals.size < capacity) this.#literals.set(text, literal)
    return literal
  }
}
