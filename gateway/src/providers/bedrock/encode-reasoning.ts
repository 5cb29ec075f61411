import { planReasoning } from '../claude-reasoning.ts'
import type { Encoding } from './encoding.ts'

/** How a model is told to think. */
export interface ReasoningFields {
  /** Members for `additionalModelRequestFields`. */
  readonly fields: Readonly<Record<string, unknown>>
  readonly isThinking: boolean
  /** Thinking tokens that `maxTokens` must leave room for. */
  readonly budgetTokens: number
}

const nothing: ReasoningFields = { fields: {}, isThinking: false, budgetTokens: 0 }
const levels: Readonly<Record<string, string>> = { minimal: 'low', low: 'low', high: 'high', xhigh: 'high' }

/** Each maker's models have a spelling of their own. Errors: 400 for models that cannot be told. */
export function encodeReasoning(encoding: Encoding): ReasoningFields {
  const { facts, request, target } = encoding
  const effort = request.reasoning?.effort ?? null
  const isAsked = request.reasoning !== null && effort !== 'none'
  const level = levels[effort ?? ''] ?? 'medium'
  if (facts.maker === 'openai' && isAsked) return { ...nothing, fields: { reasoning_effort: level } }
  if (facts.maker === 'amazon' && target.upstreamModel.includes('nova-2')) {
    if (!isAsked) return nothing
    return {
      ...nothing,
      fields: { reasoningConfig: { type: 'enabled', maxReasoningEffort: level } },
      isThinking: true,
    }
  }
  if (facts.maker !== 'anthropic' && !isAsked && request.extra['thinking'] === undefined) return nothing
  const plan = planReasoning(encoding)
  const fields: Record<string, unknown> = {}
  if (plan.thinking !== null) fields['thinking'] = plan.thinking
  if (plan.effort !== null) fields['output_config'] = { effort: plan.effort }
  const isThinking = plan.thinking !== null && plan.thinking['type'] !== 'disabled'
  return { fields, isThinking, budgetTokens: plan.budgetTokens }
}
