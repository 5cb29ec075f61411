import type { WireEncoding } from '../wire-encoding.ts'

/** These models take a level and ignore on and off; all others take on and off and refuse a level. */
const levelModels = /(?:^|\/)gpt-oss/
const levels: Readonly<Record<string, string>> = { minimal: 'low', low: 'low', high: 'high', xhigh: 'high' }

/** Families known to think; the others refuse to be told so. */
const thinkingModels = /(?:^|\/)(?:qwen3|qwq|deepseek-r1|deepseek-v3\.1|gpt-oss|magistral|cogito)/

/** `think`: whether, and for some models how much; null leaves it to the model. */
export function encodeThinking(encoding: WireEncoding): boolean | string | null {
  const { request, target } = encoding
  const { reasoning } = request
  if (reasoning === null) return null
  const { effort, budgetTokens } = reasoning
  // A chat client knows its model; clients of other dialects ask for thinking whatever the model is.
  const isKnown = thinkingModels.test(target.upstreamModel) || target.supports['supports_reasoning'] === true
  if (request.dialect !== 'openai-chat' && !isKnown) {
    encoding.dropped.push('reasoning_effort')
    return null
  }
  if (!levelModels.test(target.upstreamModel)) return effort !== 'none'
  if (effort === 'none') return 'low'
  if (effort !== null) return levels[effort] ?? 'medium'
  const budget = budgetTokens ?? target.thinkingBudgets.medium
  if (budget >= target.thinkingBudgets.high) return 'high'
  return budget >= target.thinkingBudgets.medium ? 'medium' : 'low'
}
