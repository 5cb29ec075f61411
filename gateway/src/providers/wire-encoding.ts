import type { ConversationRequest } from '../conversation/request.ts'
import type { Losses } from './refuse.ts'
import type { ReplyContext } from './reply-context.ts'
import { ToolNames } from './tool-names.ts'
import type { WireTarget } from './wire.ts'

/** One request being encoded: what every part of an encoder reads, and what it gathers on the way. */
export interface WireEncoding extends Losses {
  readonly request: ConversationRequest
  readonly toolNames: ToolNames
  /** Upstream names of functions that stand in for free-text tools. */
  readonly customTools: Set<string>
}

export function beginWireEncoding(request: ConversationRequest, target: WireTarget): WireEncoding {
  return { request, target, toolNames: new ToolNames(), customTools: new Set(), dropped: [] }
}

/** What must be undone in the answer. `jsonTool`: the function that stands in for a response format. */
export function describeReply(encoding: WireEncoding, jsonTool: string | null): ReplyContext {
  return { toolNames: encoding.toolNames.changed, customTools: encoding.customTools, jsonTool }
}
