import type { Redactor } from '../redact.ts'
import type { RequestRecord, RequestTarget } from '../request-record.ts'
import { quoteJson } from './json-text.ts'

const maximumLength = 256
/** Of remembered names and their literals. Names that callers make up count as well. */
const maximumCharacters = 4 * 1024 * 1024

/**
 * Turns the text members of a line into JSON string literals, redacted and at most 256 characters long. The names of
 * models, keys and teams come again with each request, so their literals are remembered until the redactor learns
 * another secret. When there are too many it starts over: what it forgets is only made again.
 */
export class LabelQuoter {
  readonly #redactor: Redactor
  readonly #literals = new Map<string, string>()
  #characters = 0
  #revision: number
  #latest = ''
  #latestLiteral = '""'

  constructor(redactor: Redactor) {
    this.#redactor = redactor
    this.#revision = redactor.revision
  }

  /** Forgets what was made before the redactor knew all it knows now; call it for each line. */
  refresh(): void {
    const { revision } = this.#redactor
    if (revision === this.#revision) return
    this.#revision = revision
    this.#forget()
    this.#latest = ''
    this.#latestLiteral = '""'
  }

  /** For names that come again. */
  quote(text: string): string {
    return this.#literals.get(text) ?? this.#remember(text)
  }

  /** A name of the deployment behind a record. Nearly all are their own literals between quotes, so that this is remembered. */
  quoteNameOf({ target, group }: RequestRecord, name: string): string {
    return target !== null && this.#hasCleanNames(target, group) ? `"${name}"` : this.quote(name)
  }

  /** The name that was asked for: mostly that of the group. */
  quoteRequested(requested: string, record: RequestRecord): string {
    return requested === record.group ? this.quoteNameOf(record, requested) : this.quote(requested)
  }

  /** Nearly all ids are their own literals between quotes, so that this is remembered and no second text of each. */
  quoteTargetId(target: RequestTarget): string {
    const { deploymentId, cleanAt } = target
    const asItIs = `"${deploymentId}"`
    if (cleanAt === this.#revision) return asItIs
    const literal = this.quoteOnce(deploymentId)
    if (cleanAt !== undefined && literal === asItIs) target.cleanAt = this.#revision
    return literal
  }

  quoteId({ requestId, isOwnId }: RequestRecord): string {
    return isOwnId ? `"${requestId}"` : this.quoteOnce(requestId)
  }

  /** For values that do not, such as request ids; asked for twice in a row, as by two lines of one request, made once. */
  quoteOnce(text: string): string {
    if (text !== this.#latest) {
      this.#latest = text
      this.#latestLiteral = quoteJson(this.#redactor.redactText(text).slice(0, maximumLength))
    }
    return this.#latestLiteral
  }

  /** For prose, which is redacted and kept whole. */
  quoteText(text: string): string {
    return quoteJson(this.#redactor.redactText(text))
  }

  #hasCleanNames({ notes, provider, upstreamModel }: RequestTarget, group: string | null): boolean {
    if (notes === undefined) return false
    if (notes.judgedAt !== this.#revision) {
      notes.judgedAt = this.#revision
      notes.isClean = [group ?? '', provider, upstreamModel].every(
        (name) => this.quoteOnce(name) === `"${name}"`,
      )
    }
    return notes.isClean
  }

  #remember(text: string): string {
    const literal = this.quoteOnce(text)
    if (text.length > maximumLength) return literal
    this.#characters += text.length + literal.length
    if (this.#characters > maximumCharacters) this.#forget()
    this.#literals.set(text, literal)
    return literal
  }

  #forget(): void {
    this.#literals.clear()
    this.#characters = 0
  }
}
