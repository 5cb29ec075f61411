import type { WireEncoding } from '../wire-encoding.ts'

/** These models take a level and ignore on and off; all others take on and off and refuse a level. */
const levelModels = /(?:^|\/)gpt-oss/
const levels: Readonly<Record<string, string>> = { minimal: 'low', low: 'low', high: 'high', xhigh: 'high' }

/** `think`: whether, and for some models how much; null leaves it to the model. */
export function encodeThinking({ request, target }: WireEncoding): boolean | string | null {
  const { reasoning } = request
  if (reasoning === null) return null
  const { effort, budgetTokens } = reasoning
  if (!levelModels.test(target.upstreamModel)) return effort !== 'none'
  if (effort === 'none') return 'low'
  if (effort !== null) return levels[effort] ?? 'medium'
  const budget = budgetTokens ?? target.thinkingBudgets.medium
  if (budget >= target.thinkingBudgets.high) return 'high'
  return budget >= target.thinkingBudgets.medium ? 'medium' : 'low'
}
