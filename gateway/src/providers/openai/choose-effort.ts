import type { ConversationRequest } from '../../conversation/request.ts'
import type { WireTarget } from '../wire.ts'

/** Efforts of other dialects that only few models of this wire have. */
const beyondHigh = new Set(['xhigh', 'max'])

/**
 * The `reasoning_effort` to send, null for none. Clients of other dialects ask for thinking whatever the model is,
 * and models that cannot think refuse the member; so from them it goes only to models known to reason.
 */
export function chooseEffort(
  { reasoning, dialect }: ConversationRequest,
  { supports }: WireTarget,
  dropped: string[],
): string | null {
  if (reasoning === null) return null
  const { effort, budgetTokens } = reasoning
  if (dialect === 'openai-chat') return effort ?? effortOfBudget(budgetTokens)
  if (supports['supports_reasoning'] === true)
    return effort === null ? effortOfBudget(budgetTokens) : beyondHigh.has(effort) ? 'high' : effort
  dropped.push('reasoning_effort')
  return null
}

function effortOfBudget(tokens: number | null): string | null {
  if (tokens === null) return null
  if (tokens >= 10_000) return 'high'
  if (tokens >= 5000) return 'medium'
  return tokens >= 2000 ? 'low' : 'minimal'
}
