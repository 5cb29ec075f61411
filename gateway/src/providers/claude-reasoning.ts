import { GatewayError } from '@routeiq/contract'
import { readNumber, readRecord } from '../conversation/json-value.ts'
import type { ClaudeEncoding } from './claude-facts.ts'
import { refuseReasoning } from './refuse-reasoning.ts'

export interface ReasoningPlan {
  readonly thinking: Record<string, unknown> | null
  readonly effort: string | null
  /** Thinking tokens that `max_tokens` must leave room for; 0 when the model budgets itself. */
  readonly budgetTokens: number
}

const noReasoning: ReasoningPlan = { thinking: null, effort: null, budgetTokens: 0 }

/** Thinking as the model wants it told. Anthropic's own `thinking` member, given by the caller, goes as it is. */
export function planReasoning(encoding: ClaudeEncoding): ReasoningPlan {
  const { request, facts } = encoding
  const given = readRecord(request.extra['thinking'])
  if (given !== null) {
    return { thinking: given, effort: null, budgetTokens: readNumber(given['budget_tokens']) ?? 0 }
  }
  if (request.reasoning === null) return noReasoning
  const { effort, budgetTokens } = request.reasoning
  if (effort === 'none') return { ...noReasoning, thinking: { type: 'disabled' } }
  if (facts.thinking === 'none') {
    refuseReasoning(encoding)
    return noReasoning
  }
  if (facts.thinking === 'adaptive') {
    return {
      thinking: { type: 'adaptive' },
      effort: adaptiveEffort(effort, budgetTokens, encoding),
      budgetTokens: 0,
    }
  }
  if (cannotResumeThinking(encoding)) {
    encoding.dropped.push('reasoning_effort')
    return noReasoning
  }
  const budget = Math.max(minimumBudget, budgetTokens ?? budgetOfEffort(effort, encoding))
  return { thinking: { type: 'enabled', budget_tokens: budget }, effort: null, budgetTokens: budget }
}

/** The API's floor for `budget_tokens`. */
const minimumBudget = 1024

const efforts = new Set(['low', 'medium', 'high', 'max'])

function adaptiveEffort(
  effort: string | null,
  budgetTokens: number | null,
  encoding: ClaudeEncoding,
): string | null {
  const { facts, target } = encoding
  if (effort === null) {
    if (budgetTokens === null) return null
    if (budgetTokens >= target.thinkingBudgets.high) return 'high'
    return budgetTokens >= target.thinkingBudgets.medium ? 'medium' : 'low'
  }
  if (effort === 'minimal') return 'low'
  if (effort === 'xhigh') return facts.supportsExtraHighEffort ? 'xhigh' : 'high'
  if (efforts.has(effort)) return effort
  throw unknownEffort(effort)
}

function budgetOfEffort(effort: string | null, { target }: ClaudeEncoding): number {
  const budgets = target.thinkingBudgets
  switch (effort) {
    case 'minimal':
      return budgets.minimal
    case 'low':
      return budgets.low
    case 'medium':
    case null:
      return budgets.medium
    case 'high':
    case 'xhigh':
    case 'max':
      return budgets.high
    default:
      throw unknownEffort(effort)
  }
}

function unknownEffort(effort: string): GatewayError {
  const message = `Invalid 'reasoning_effort': '${effort}' is none of none, minimal, low, medium, high, xhigh.`
  return new GatewayError('invalid_request', message, { param: 'reasoning_effort' })
}

/**
 * With thinking on, the assistant turn of an unfinished tool loop must begin with its thinking. When the caller did
 * not keep it, the request can only be sent without thinking, which `modify_params` allows.
 */
function cannotResumeThinking({ request, target }: ClaudeEncoding): boolean {
  if (!target.modifyParams || request.messages.at(-1)?.role !== 'tool') return false
  const assistant = request.messages.findLast((message) => message.role === 'assistant')
  const isKept = assistant?.parts.some(
    (part) => part.type === 'reasoning' && (part.signature !== null || part.redacted !== null),
  )
  return isKept !== true
}
