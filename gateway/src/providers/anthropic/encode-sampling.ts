import { refuse } from '../refuse.ts'
import { unsupportedParameter } from '../unsupported-parameter.ts'
import type { Block, Encoding } from './encoding.ts'

/** The smallest `top_p` that may accompany thinking. */
const minimumThinkingTopP = 0.95

/** Temperature, top_p, top_k and stop sequences, as far as the model and its thinking allow. */
export function encodeSampling(encoding: Encoding, isThinking: boolean): Block {
  const body: Block = {}
  const { temperature, topP, topK } = encoding.request.sampling
  const kept = {
    temperature: temperature === null ? null : Math.min(1, temperature),
    top_p: topP,
    top_k: topK,
  }
  for (const [name, value] of Object.entries(kept)) {
    if (value === null) continue
    if (!encoding.facts.acceptsSampling) {
      if ((name === 'temperature' || name === 'top_p') && value === 1) continue
      refuse(name, encoding)
    } else if (isThinking && !(name === 'top_p' && value >= minimumThinkingTopP)) encoding.dropped.push(name)
    else body[name] = value
  }
  const stop = encodeStop(encoding)
  if (stop.length > 0) body['stop_sequences'] = stop
  return body
}

/** Sequences of white space only are refused upstream. */
function encodeStop({ request, target, dropped }: Encoding): readonly string[] {
  const sequences = request.stop.filter((sequence) => sequence.trim() !== '')
  if (sequences.length === request.stop.length) return sequences
  if (!target.dropParams) throw unsupportedParameter('stop', target)
  dropped.push('stop')
  return sequences
}
