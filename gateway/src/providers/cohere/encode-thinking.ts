import { refuseReasoning } from '../refuse-reasoning.ts'
import type { WireEncoding } from '../wire-encoding.ts'

/** Thinking by a budget of tokens, which only models named for it take; null leaves it to the model. Errors: 400. */
export function encodeThinking(encoding: WireEncoding): Record<string, unknown> | null {
  const { request, target } = encoding
  if (request.reasoning === null) return null
  const { effort, budgetTokens } = request.reasoning
  const canThink = target.upstreamModel.includes('reasoning')
  if (effort === 'none') return canThink ? { type: 'disabled' } : null
  if (!canThink) {
    refuseReasoning(encoding)
    return null
  }
  return { type: 'enabled', token_budget: budgetTokens ?? budgetOf(effort, target.thinkingBudgets) }
}

function budgetOf(effort: string | null, budgets: WireEncoding['target']['thinkingBudgets']): number {
  if (effort === 'minimal' || effort === 'low') return budgets[effort]
  return effort === 'high' || effort === 'xhigh' ? budgets.high : budgets.medium
}
