import type { JsonRecord } from '../../conversation/json-value.ts'
import { unsupportedParameter } from '../unsupported-parameter.ts'
import type { Encoding } from './encoding.ts'

/** Refuses a member this wire cannot honour, or notes its loss under `drop_params`. */
export function refuse(name: string, { target, dropped }: Encoding): void {
  if (!target.dropParams) throw unsupportedParameter(name, target)
  dropped.push(name)
}

/** Members of the chat dialect with an effect this wire cannot give. */
const unsupportedExtra = ['logit_bias', 'logprobs', 'top_logprobs', 'audio', 'prediction']

/** Members of the chat dialect that only hint, or that other code reads: left out, noted in the decision log. */
const hints = new Set([
  'store',
  'prompt_cache_key',
  'prompt_cache_retention',
  'verbosity',
  'safety_identifier',
  'modalities',
])

/**
 * The caller's unmodelled members that go upstream as they are: Anthropic's own (`thinking`, `container`, …) and
 * unknown ones, which the provider judges. Errors: 400 `unsupported_parameter`.
 */
export function passExtra(encoding: Encoding): Record<string, unknown> {
  const { request, dropped } = encoding
  const { sampling, choiceCount, extra } = request
  if (choiceCount > 1) refuse('n', encoding)
  if (sampling.seed !== null) refuse('seed', encoding)
  if (sampling.frequencyPenalty) refuse('frequency_penalty', encoding)
  if (sampling.presencePenalty) refuse('presence_penalty', encoding)
  if (request.dialect === 'anthropic-messages') return { ...extra }
  const passed: Record<string, unknown> = {}
  for (const name in extra) {
    if (unsupportedExtra.includes(name)) {
      if (!isNeutral(extra[name])) refuse(name, encoding)
    } else if (hints.has(name)) dropped.push(name)
    else passed[name] = extra[name]
  }
  return passed
}

function isNeutral(value: unknown): boolean {
  return (
    value === false ||
    value === 0 ||
    (typeof value === 'object' && Object.keys(value as JsonRecord).length === 0)
  )
}
