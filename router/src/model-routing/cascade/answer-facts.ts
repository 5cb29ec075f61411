/** What a cascade reads of one whole answer. */
export interface AnswerFacts {
  readonly text: string
  readonly toolCalls: readonly { readonly name: string /** JSON. */; readonly arguments: string }[]
  /** It ended because there was no room for more. */
  readonly cutOff: boolean
  readonly refused: boolean
  /** Mean probability of its tokens; null when the provider did not tell. */
  readonly tokenProbability: number | null
}
