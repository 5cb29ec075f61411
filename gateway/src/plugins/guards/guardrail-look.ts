import { type Assessed, type Blocked, readGuardrailAnswer } from './bedrock-guardrail-answer.ts'
import { cutText, groupPieces, piecesOf } from './cut-text.ts'
import { findVerdict, type GuardService } from './guard-service.ts'
import type { SafeTexts } from './safe-texts.ts'

/** Under the 25 text units of 1,000 characters that an account may send in a second, unless it asks for more. */
const longestPiece = 20_000
/** Between texts that are looked at together. */
const separator = '\n\u2028\n'

/** One look of a guardrail at what a model is given, or gives. */
export class GuardrailLook {
  readonly #source: 'INPUT' | 'OUTPUT'
  readonly #service: GuardService
  readonly #safe: SafeTexts
  readonly #masked = new Map<string, string>()

  /** `safe` are texts that are not looked at again. */
  constructor(source: 'INPUT' | 'OUTPUT', service: GuardService, safe: SafeTexts) {
    this.#source = source
    this.#service = service
    this.#safe = safe
  }

  /** What the guardrail blocks of texts; null for nothing. Errors: rejects where it cannot be asked. */
  at(texts: readonly string[]): Promise<Blocked | null> {
    const pieces = this.#safe.unknown(piecesOf(texts, longestPiece))
    return findVerdict(groupPieces(pieces, longestPiece, separator), (group) => this.#lookAt(group))
  }

  /** A text that was looked at, with what the guardrail hides replaced. */
  readonly mask = (text: string): string =>
    cutText(text, longestPiece)
      .map((piece) => this.#masked.get(piece) ?? piece)
      .join('')

  async #lookAt(group: readonly string[]): Promise<Blocked | null> {
    const assessed = await this.#ask(group.join(separator))
    if (assessed.kind === 'block') return assessed
    if (assessed.kind === 'mask') return this.#take(group, assessed.text)
    for (const piece of group) this.#safe.add(piece)
    return null
  }

  #take(group: readonly string[], text: string): Promise<Blocked | null> | null {
    const parts = group.length === 1 ? [text] : text.split(separator)
    // Where a separator was masked as well, nobody knows what belongs where.
    if (parts.length !== group.length) return findVerdict(group, (piece) => this.#lookAt([piece]))
    for (const [at, piece] of group.entries()) this.#masked.set(piece, parts[at] ?? '')
    return null
  }

  async #ask(text: string): Promise<Assessed> {
    const body = { source: this.#source, content: [{ text: { text } }] }
    return readGuardrailAnswer(await this.#service.post(body))
  }
}
