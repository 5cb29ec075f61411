import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ConversationRequest } from '../conversation/request.ts'
import { collectPrompt } from './collect-prompt.ts'
import { estimateText } from './estimate-text.ts'
import { selectTokenizer, type TokenizerChoice, type Vocabulary } from './select-tokenizer.ts'
import { VocabularyWorker } from './vocabulary-worker.ts'

/** How many tokens a prompt has and how that was found out. */
export interface TokenCount {
  readonly tokens: number
  /** `native` is what a provider's own counting endpoint said. */
  readonly method: 'native' | 'tokenizer' | 'estimate'
  /** The vocabulary that was used; null for an estimate. */
  readonly vocabulary: Vocabulary | null
}

const defaultTimeoutMs = 2_000
/** More than this is beyond every context window; an estimate says so as well. */
const maxExactCharacters = 4_000_000
/** Characters estimated in one turn of the event loop, about a millisecond. */
const sliceCharacters = 131_072

/**
 * Counts the tokens of prompts locally: with the real vocabulary for OpenAI's models, by a calibrated estimate that
 * errs upwards for all others. Nothing is loaded before the first question. Never fails: what cannot be counted in
 * time is estimated.
 */
export class TokenCounter {
  readonly #worker: VocabularyWorker

  /** `timeoutMs` is how long the real vocabulary is waited for. */
  constructor(timeoutMs = defaultTimeoutMs) {
    this.#worker = new VocabularyWorker(timeoutMs)
  }

  /** Everything the model reads: system, messages, media, tools. `upstreamModel` is the deployment's, not the group's. */
  count(request: ConversationRequest, upstreamModel: string): Promise<TokenCount> {
    const choice = selectTokenizer(upstreamModel)
    const { texts, fixedTokens } = collectPrompt(request, choice.family, upstreamModel)
    return this.#count(texts, fixedTokens, choice)
  }

  /** Plain texts without any message around them (a completion's prompt, an embedding's input). */
  countTexts(texts: readonly string[], upstreamModel: string): Promise<TokenCount> {
    return this.#count(texts, 0, selectTokenizer(upstreamModel))
  }

  close(): void {
    this.#worker.close()
  }

  async #count(
    texts: readonly string[],
    fixedTokens: number,
    { vocabulary, scale }: TokenizerChoice,
  ): Promise<TokenCount> {
    const characters = texts.reduce((sum, text) => sum + text.length, 0)
    if (vocabulary !== null && characters <= maxExactCharacters) {
      const exact = await this.#worker.count(vocabulary, texts)
      if (exact !== null) return { tokens: fixedTokens + exact, method: 'tokenizer', vocabulary }
    }
    const estimated = Math.ceil((await estimateTexts(texts)) * scale)
    return { tokens: fixedTokens + estimated, method: 'estimate', vocabulary: null }
  }
}

/** Long texts are estimated in slices, with a turn of the event loop between them. */
async function estimateTexts(texts: readonly string[]): Promise<number> {
  let tokens = 0
  let inThisTurn = 0
  for (const text of texts) {
    for (let at = 0; at < text.length; at += sliceCharacters) {
      const slice = text.length <= sliceCharacters ? text : text.slice(at, at + sliceCharacters)
      tokens += estimateText(slice)
      inThisTurn += slice.length
      if (inThisTurn < sliceCharacters) continue
      inThisTurn = 0
      await nextTurn()
    }
  }
  return tokens
}
