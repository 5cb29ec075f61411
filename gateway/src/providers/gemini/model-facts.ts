/** What a model on this wire can take, read from its name. */
export interface ModelFacts {
  /** `level`: effort in words. `budget`: thinking tokens are given. */
  readonly thinking: 'level' | 'budget' | 'none'
  /** Its thinking can be reduced, never switched off. */
  readonly isPro: boolean
  /** `responseJsonSchema` and `parametersJsonSchema` instead of the reduced OpenAPI subset. */
  readonly acceptsJsonSchema: boolean
  /** Tools beside a JSON response type. */
  readonly combinesToolsWithJson: boolean
  /** Refuses the turn after a function call whose thought signature is missing. */
  readonly needsThoughtSignatures: boolean
  /** Media inside a function response instead of beside it. */
  readonly acceptsMediaInResults: boolean
  /** Knows the level `medium`. */
  readonly supportsMediumLevel: boolean
}

/** `gemini-2.5-flash-lite`, `gemini-3-pro-preview`, `models/gemini-3.1-pro`: major and minor number. */
const versionPattern = /gemini-(\d{1,2})(?:\.(\d{1,2}))?(?!\d)/

/** Names without a version (`gemini-flash-latest`, tuned models) count as the 2.5 line, which takes nearly everything. */
export function readModelFacts(model: string): ModelFacts {
  const match = versionPattern.exec(model)
  const version = match === null ? 2.05 : Number(match[1]) + Number(match[2] ?? 0) / 100
  const isThird = version >= 3
  const isPro = model.includes('-pro')
  return {
    thinking: isThird ? 'level' : version >= 2.05 ? 'budget' : 'none',
    isPro,
    acceptsJsonSchema: version >= 2.05,
    combinesToolsWithJson: isThird,
    needsThoughtSignatures: isThird,
    acceptsMediaInResults: isThird,
    supportsMediumLevel: !isPro || version >= 3.01,
  }
}
