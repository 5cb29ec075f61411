import type { WireEncoding } from './wire-encoding.ts'

/** What a Claude model can take, read from its name. */
export interface ClaudeFacts {
  /** `adaptive`: the model budgets itself by effort. `budget`: thinking tokens are given. */
  readonly thinking: 'adaptive' | 'budget' | 'none'
  readonly supportsExtraHighEffort: boolean
  /** Later models refuse temperature, top_p and top_k that are not at their defaults. */
  readonly acceptsSampling: boolean
  /** `output_config.format` and strict tools. */
  readonly supportsStructuredOutput: boolean
}

/** `claude-opus-4-1-20250805`, `claude-3-5-haiku-latest`, `anthropic.claude-sonnet-4-5@…`: major and minor number. */
const versionPattern = /claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2})(?!\d))?(?!\d)/

/** Models of other makers behind this wire count as one that thinks by budget and takes everything of that time. */
export function readClaudeFacts(model: string): ClaudeFacts {
  const match = versionPattern.exec(model)
  const version = match === null ? 4 : Number(match[1]) + Number(match[2] ?? 0) / 100
  const thinking = version >= 4.06 ? 'adaptive' : version >= 3.07 ? 'budget' : 'none'
  return {
    thinking,
    supportsExtraHighEffort: version >= 4.07,
    acceptsSampling: version < 4.07,
    supportsStructuredOutput: version >= 4.05 || model.includes('opus-4-1'),
  }
}

/** An encoding for a model that may be a Claude. */
export interface ClaudeEncoding extends WireEncoding {
  readonly facts: ClaudeFacts
}
