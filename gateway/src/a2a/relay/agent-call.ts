import type { JsonRecord } from '../../conversation/json-value.ts'
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
}
