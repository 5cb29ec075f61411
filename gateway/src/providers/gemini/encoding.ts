import type { ConversationRequest } from '../../conversation/request.ts'
import { ToolNames } from '../tool-names.ts'
import type { WireTarget } from '../wire.ts'
import { type ModelFacts, readModelFacts } from './model-facts.ts'

export type Body = Record<string, unknown>

/** One request being encoded: what every part of the encoder reads, and what it gathers on the way. */
export interface Encoding {
  readonly request: ConversationRequest
  readonly target: WireTarget
  readonly facts: ModelFacts
  readonly toolNames: ToolNames
  /** Upstream names of functions that stand in for free-text tools. */
  readonly customTools: Set<string>
  readonly dropped: string[]
}

export function beginEncoding(request: ConversationRequest, target: WireTarget): Encoding {
  return {
    request,
    target,
    facts: readModelFacts(target.upstreamModel),
    toolNames: new ToolNames(),
    customTools: new Set(),
    dropped: [],
  }
}
