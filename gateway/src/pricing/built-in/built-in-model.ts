/** An ability as in `supports_<ability>`. */
export type Ability =
  | 'function_calling'
  | 'vision'
  | 'pdf_input'
  | 'audio_input'
  | 'response_schema'
  | 'prompt_caching'
  | 'reasoning'

type MediaMode = 'image_generation' | 'audio_transcription' | 'audio_speech' | 'moderation' | 'rerank'

/** One row of the built-in table. */
export interface BuiltInModel {
  readonly name: string
  /** Dated and undated names of the same model at the same price. */
  readonly alsoKnownAs?: readonly string[]
  readonly provider: string
  readonly mode?: 'chat' | 'embedding' | MediaMode
  /** Context limits in tokens. */
  readonly maxInput?: number
  readonly maxOutput?: number
  /** Price-map field name → USD per million tokens. */
  readonly usdPerMillion: Readonly<Record<string, number>>
  /** Price-map field name → USD for one: an image, a second, a character, a query. */
  readonly usdPerUnit?: Readonly<Record<string, number>>
  readonly supports?: readonly Ability[]
  readonly lacks?: readonly Ability[]
}

/** Input, output and, where the vendor has one, cached input. */
export function textPrices(
  input: number,
  output: number,
  cacheRead?: number,
): Readonly<Record<string, number>> {
  const prices = { input_cost_per_token: input, output_cost_per_token: output }
  return cacheRead === undefined ? prices : { ...prices, cache_read_input_token_cost: cacheRead }
}
