import type { Redactor } from '../redact.ts'
import type { RequestRecord, RequestTarget, TargetLiterals } from '../request-record.ts'
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

  /** The names of a deployment, made by its first record and kept with it: in a table of thousands each would be looked for. */
  namesOf(target: RequestTarget): TargetLiterals {
    const { literals } = target
    if (literals != null && literals.revision === this.#revision) return literals
    const made = {
      revision: this.#revision,
      deploymentId: this.quoteOnce(target.deploymentId),
      provider: this.quote(target.provider),
      upstreamModel: this.quoteOnce(target.upstreamModel),
    }
    if (literals !== undefined) target.literals = made
    return made
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
