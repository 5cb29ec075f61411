import { refuse } from '../refuse.ts'
import type { WireEncoding } from '../wire-encoding.ts'

/** The model's run-time options that the caller's members stand for. */
export function encodeOptions(encoding: WireEncoding): Record<string, unknown> {
  const { request } = encoding
  const { sampling, maxOutputTokens, stop } = request
  if (request.choiceCount > 1) refuse('n', encoding)
  if (request.webSearch !== null) refuse('web_search_options', encoding)
  const given = {
    num_predict: maxOutputTokens,
    temperature: sampling.temperature,
    top_p: sampling.topP,
    top_k: sampling.topK,
    seed: sampling.seed,
    frequency_penalty: sampling.frequencyPenalty,
    presence_penalty: sampling.presencePenalty,
  }
  const options: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(given)) if (value !== null) options[name] = value
  if (stop.length > 0) options['stop'] = stop
  return options
}
