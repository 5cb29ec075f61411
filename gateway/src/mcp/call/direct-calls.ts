import type { McpConfig } from '../../config/config.ts'
import type { Caller } from '../../identity/caller.ts'
import type { McpResult } from '../upstream/upstream-session.ts'
import type { ViewItem } from '../view/catalogue-view.ts'
import { callTool } from './call-tool.ts'
import { type Downstream, principalOf } from './downstream.ts'
import type { RelayDependencies } from './relay.ts'
import { findArgumentProblem } from './validate-arguments.ts'

/** Calls for somebody who is no client of the protocol, and so cannot be asked anything. */
export class DirectCalls {
  readonly #relay: RelayDependencies
  readonly #config: () => McpConfig

  constructor(relay: RelayDependencies, config: () => McpConfig) {
    this.#relay = relay
    this.#config = config
  }

  /** What is wrong with the arguments, in words; null when nothing is. */
  findArgumentProblem(tool: ViewItem, args: unknown): string | null {
    return findArgumentProblem(tool.definition.description['inputSchema'], args)
  }

  /** Errors: rejects with an `RpcError`, or with a `GatewayError` when limits of the caller refuse it. */
  call(
    caller: Caller,
    tool: ViewItem,
    args: unknown,
    { headers, signal, origin }: Pick<Downstream, 'headers' | 'signal' | 'origin'>,
  ): Promise<McpResult> {
    const downstream: Downstream = {
      ...{ era: 'modern', principal: principalOf(caller), caller, origin, headers, signal },
      ...{ capabilities: {}, logLevel: null, meta: {}, progressToken: null },
      ...{ inputResponses: null, requestState: null },
      notify: () => {},
      ask: () => Promise.reject(new Error('nobody to ask')),
    }
    const params = { name: tool.name, arguments: args }
    return callTool(this.#relay, downstream, tool, params, this.#config().callTimeoutMs)
  }
}
