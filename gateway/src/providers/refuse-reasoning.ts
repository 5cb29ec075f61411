import type { ConversationRequest } from '../conversation/request.ts'
import { type Losses, refuse } from './refuse.ts'

/**
 * What to do about thinking that a model cannot do. Chat clients ask for it on purpose and are told; clients of other
 * dialects, agents above all, ask every model, so for them it is left out and noted.
 */
export function refuseReasoning(encoding: Losses & { readonly request: ConversationRequest }): void {
  if (encoding.request.dialect === 'openai-chat') refuse('reasoning_effort', encoding)
  else encoding.dropped.push('reasoning_effort')
}
