import { isChatHint, isNeutral } from '../chat-members.ts'
import { refuse } from '../refuse.ts'
import { refuseSampling } from '../refuse-sampling.ts'
import type { Encoding } from './encoding.ts'

/** Members of the chat dialect with an effect this wire cannot give. */
const unsupportedExtra = ['logit_bias', 'logprobs', 'top_logprobs', 'audio', 'prediction']

/**
 * The caller's unmodelled members that go upstream as they are: Anthropic's own (`thinking`, `container`, …) and
 * unknown ones, which the provider judges. Errors: 400 `unsupported_parameter`.
 */
export function passExtra(encoding: Encoding): Record<string, unknown> {
  const { request, dropped } = encoding
  const { extra } = request
  refuseSampling(encoding)
  if (request.dialect === 'anthropic-messages') return { ...extra }
  if (request.dialect === 'openai-responses') {
    dropped.push(...Object.keys(extra))
    return {}
  }
  const passed: Record<string, unknown> = {}
  for (const name in extra) {
    if (unsupportedExtra.includes(name)) {
      if (!isNeutral(extra[name])) refuse(name, encoding)
    } else if (isChatHint(name)) dropped.push(name)
    else passed[name] = extra[name]
  }
  return passed
}
