import { GatewayError } from '@routeiq/contract'
import { readNumber, readRecord } from '../../conversation/json-value.ts'
import { refuseReasoning } from '../refuse-reasoning.ts'
import type { Body, Encoding } from './encoding.ts'

/** `thinkingConfig` in the terms of the model's line, null when the caller says nothing about thinking. */
export function encodeThinking(encoding: Encoding): Body | null {
  const wish = readWish(encoding)
  if (wish === null) return null
  const { facts } = encoding
  if (facts.thinking === 'none') {
    // Clients of other dialects ask for thinking whatever the model; only a chat client chose to.
    if (encoding.request.dialect === 'openai-chat' && wish.effort !== 'none') refuseReasoning(encoding)
    else encoding.dropped.push('reasoning')
    return null
  }
  const isOff = wish.effort === 'none'
  const amount = facts.thinking === 'level' ? encodeLevel(wish, encoding) : encodeBudget(wish, encoding)
  return isOff && !facts.isPro ? amount : { ...amount, includeThoughts: !isOff }
}

interface Wish {
  readonly effort: string | null
  readonly budgetTokens: number | null
}

/** The modelled options, or Anthropic's `thinking`, which LiteLLM's clients send to any model. */
function readWish({ request }: Encoding): Wish | null {
  if (request.reasoning !== null) return request.reasoning
  const thinking = readRecord(request.extra['thinking'])
  if (thinking === null) return null
  if (thinking['type'] === 'disabled') return { effort: 'none', budgetTokens: null }
  return { effort: null, budgetTokens: readNumber(thinking['budget_tokens']) }
}

function encodeLevel(wish: Wish, { facts, target }: Encoding): Body {
  const effort = wish.effort ?? effortOfBudget(wish.budgetTokens, target.thinkingBudgets)
  if (effort === null) return {}
  switch (effort) {
    case 'none':
    case 'minimal':
      return { thinkingLevel: facts.isPro ? 'low' : 'minimal' }
    case 'low':
      return { thinkingLevel: 'low' }
    case 'medium':
      return { thinkingLevel: facts.supportsMediumLevel ? 'medium' : 'high' }
    case 'high':
    case 'xhigh':
    case 'max':
      return { thinkingLevel: 'high' }
    default:
      throw unknownEffort(effort)
  }
}

type Budgets = Encoding['target']['thinkingBudgets']

function effortOfBudget(tokens: number | null, budgets: Budgets): string | null {
  if (tokens === null) return null
  if (tokens >= budgets.high) return 'high'
  return tokens >= budgets.medium ? 'medium' : 'low'
}

/** The smallest budget of models that cannot stop thinking. */
const minimumProBudget = 128

function encodeBudget({ effort, budgetTokens }: Wish, { facts, target }: Encoding): Body {
  const budget = budgetTokens ?? budgetOfEffort(effort, target.thinkingBudgets)
  if (budget === null) return {}
  return { thinkingBudget: facts.isPro ? Math.max(minimumProBudget, budget) : budget }
}

function budgetOfEffort(effort: string | null, budgets: Budgets): number | null {
  switch (effort) {
    case null:
      return null
    case 'none':
      return 0
    case 'minimal':
      return budgets.minimal
    case 'low':
      return budgets.low
    case 'medium':
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
