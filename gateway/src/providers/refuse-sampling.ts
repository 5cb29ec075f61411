import { refuse } from './refuse.ts'
import type { WireEncoding } from './wire-encoding.ts'

/** Refuses what neither Anthropic's nor Bedrock's protocol can be asked for: alternatives, seeds and penalties. */
export function refuseSampling(encoding: WireEncoding): void {
  const { sampling, choiceCount } = encoding.request
  if (choiceCount > 1) refuse('n', encoding)
  if (sampling.seed !== null) refuse('seed', encoding)
  if (sampling.frequencyPenalty) refuse('frequency_penalty', encoding)
  if (sampling.presencePenalty) refuse('presence_penalty', encoding)
}
