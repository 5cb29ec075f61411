import type { ConversationRequest } from '../../conversation/request.ts'
import type { ClaudeEncoding } from '../claude-facts.ts'
import type { WireTarget } from '../wire.ts'
import { beginWireEncoding } from '../wire-encoding.ts'
import { type ModelFacts, readModelFacts } from './model-facts.ts'

export type { Block } from '../turns.ts'

/** One request being encoded, with what this wire gathers beside the rest. */
export interface Encoding extends ClaudeEncoding {
  readonly facts: ModelFacts
  /** Documents so far; each needs a name of its own. */
  documents: number
}

export function beginEncoding(request: ConversationRequest, target: WireTarget): Encoding {
  const facts = readModelFacts(target.upstreamModel)
  return { ...beginWireEncoding(request, target), facts, documents: 0 }
}
