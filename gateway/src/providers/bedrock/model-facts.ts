import { type ClaudeFacts, readClaudeFacts } from '../claude-facts.ts'

/** What a model on Bedrock can take, read from its name. */
export interface ModelFacts extends ClaudeFacts {
  /** `anthropic`, `amazon`, `meta`, …; null when the name does not say (a profile or an import of one's own). */
  readonly maker: string | null
  readonly acceptsCachePoints: boolean
  /** Whether it can be made to call a tool. */
  readonly acceptsForcedTools: boolean
}

const makerPattern =
  /(?:^|[./])(anthropic|amazon|meta|mistral|cohere|ai21|deepseek|openai|qwen|google|minimax|moonshot|nvidia|writer|zai|twelvelabs)\./

export function readModelFacts(model: string): ModelFacts {
  const maker = makerPattern.exec(model)?.[1] ?? (model.includes('claude') ? 'anthropic' : null)
  const claude = readClaudeFacts(model)
  const isClaude = maker === 'anthropic'
  return {
    ...claude,
    thinking: isClaude ? claude.thinking : 'none',
    acceptsSampling: isClaude ? claude.acceptsSampling : true,
    maker,
    acceptsCachePoints: maker === null || maker === 'anthropic' || maker === 'amazon',
    acceptsForcedTools: maker === null || ['anthropic', 'amazon', 'mistral'].includes(maker),
  }
}
