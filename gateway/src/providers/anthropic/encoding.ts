import type { ConversationRequest } from '../../conversation/request.ts'
import { type ClaudeEncoding, readClaudeFacts } from '../claude-facts.ts'
import type { WireTarget } from '../wire.ts'
import { beginWireEncoding } from '../wire-encoding.ts'

export type Block = Record<string, unknown>

/** One request being encoded, with what this wire gathers beside the rest. */
export interface Encoding extends ClaudeEncoding {
  readonly betas: Set<string>
}

export function beginEncoding(request: ConversationRequest, target: WireTarget): Encoding {
  const facts = readClaudeFacts(target.upstreamModel)
  return { ...beginWireEncoding(request, target), facts, betas: new Set() }
}
