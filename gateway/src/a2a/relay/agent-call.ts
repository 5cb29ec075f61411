import type { JsonRecord } from '../../conversation/json-value.ts'
import type { Usage } from '../../conversation/usage.ts'
import type { Exchange } from '../../http/exchange.ts'
import type { Caller } from '../../identity/caller.ts'
import type { RemoteAgent } from '../agents/remote-agent.ts'
import type { Operation, Version } from '../protocol/methods.ts'

/** One call of a client, in the version the client speaks. */
export interface AgentCall {
  readonly exchange: Exchange
  readonly caller: Caller
  readonly agent: RemoteAgent
  readonly operation: Operation
  readonly version: Version
  readonly params: JsonRecord
  /** Size of the client's request. */
  readonly bytes: number
  /** Somebody asked the agent like a model: the pipeline holds the call to its caller's limits, and settles it. */
  readonly isModelCall: boolean
  /** Registers what ends the call of the agent when nobody waits for it any more. */
  readonly whenAbandoned: (end: () => void) => void
  readonly report: CallReport
  /** The id of the client's request, if it takes a stream as the bytes of the agent; null to have events. */
  readonly rawId: string | number | null
}

/** What came to be known of a call while it was made. */
interface CallReport {
  taskId: string | null
  contextId: string | null
  /** As of 1.0. */
  state: string | null
  /** What the agent says it used. */
  usage: Usage | null
  /** What a message that is not streamed led to. */
  result: JsonRecord | null
  /** Monotonic milliseconds of the first event of a stream. */
  firstEventAt: number | null
}

/** A call as a client made it; nothing is known of it yet. */
export function beginCall(
  parts: Omit<AgentCall, 'isModelCall' | 'whenAbandoned' | 'report' | 'rawId'> & Partial<AgentCall>,
): AgentCall {
  return {
    isModelCall: false,
    rawId: null,
    whenAbandoned: (end) => parts.exchange.whenClientGone(end),
    report: { taskId: null, contextId: null, state: null, usage: null, result: null, firstEventAt: null },
    ...parts,
  }
}
