/** A byte-pair vocabulary OpenAI has published. */
export type Vocabulary = 'o200k_base' | 'cl100k_base'

/** Vendors whose ways of counting differ. */
export type ModelFamily = 'openai' | 'claude' | 'gemini' | 'other'

/** How the tokens of one model are counted. */
export interface TokenizerChoice {
  readonly family: ModelFamily
  /** Null for models whose vocabulary is not public: their text is estimated. */
  readonly vocabulary: Vocabulary | null
  /** Tokens of this model for each token the estimate is calibrated for, a little above the average. */
  readonly scale: number
}

const o200k: TokenizerChoice = { family: 'openai', vocabulary: 'o200k_base', scale: 1 }
const cl100k: TokenizerChoice = { family: 'openai', vocabulary: 'cl100k_base', scale: 1 }
const others: TokenizerChoice = { family: 'other', vocabulary: null, scale: 1.15 }

/** First match wins; names come without vendor path and in lower case. */
const choices: readonly (readonly [models: RegExp, choice: TokenizerChoice])[] = [
  [/^(?:ft:)?(?:gpt-4(?!o|\.|-omni)|gpt-3\.5|gpt-35|text-embedding|davinci-002|babbage-002)/, cl100k],
  [/^(?:ft:)?(?:gpt-|chatgpt|o\d|codex-|computer-use|omni-moderation)/, o200k],
  [/claude/, { family: 'claude', vocabulary: null, scale: 1.25 }],
  [/gemini|gemma/, { family: 'gemini', vocabulary: null, scale: 1.1 }],
]

/** The choice for an upstream model, whoever serves it (`openai/gpt-4o`, `eu.anthropic.claude-…`). */
export function selectTokenizer(upstreamModel: string): TokenizerChoice {
  const name = upstreamModel.slice(upstreamModel.lastIndexOf('/') + 1).toLowerCase()
  for (const [models, choice] of choices) if (models.test(name)) return choice
  return others
}
