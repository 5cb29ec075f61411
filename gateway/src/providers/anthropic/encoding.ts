import type { ConversationRequest } from '../../conversation/request.ts'
import type { WireTarget } from '../wire.ts'
import { beginWireEncoding, type WireEncoding } from '../wire-encoding.ts'
import { type ModelFacts, readModelFacts } from './model-facts.ts'

export type Block = Record<string, unknown>

/** One request being encoded, with what this wire gathers beside the rest. */
export interface Encoding extends WireEncoding {
  readonly facts: ModelFacts
  readonly betas: Set<string>
}

export function beginEncoding(request: ConversationRequest, target: WireTarget): Encoding {
  const facts = readModelFacts(target.upstreamModel)
  return { ...beginWireEncoding(request, target), facts, betas: new Set() }
}
