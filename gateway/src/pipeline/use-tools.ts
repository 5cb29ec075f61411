import type { Gateway } from './gateway.ts'
import type { ModelRequest } from './model-request.ts'
import type { Progress } from './progress.ts'
import { describeResponse } from './response-headers.ts'

/** The beginning of every type that has to do with such tools, and the member of Messages that lists their servers. */
const marker = '"mcp'

/** Tools of servers behind the gateway, which requests bring by naming the server. */
export interface RequestTools {
  readonly isOn: () => boolean
  /** Whether the request has anything to do with tools of servers. */
  wants(request: ModelRequest): boolean
  /**
   * Answers the client, after as many calls of the model as its tools need. Resolves with the status; with null, and
   * nothing done, when none of the servers is behind the gateway and the provider may know them. `describe` writes the head
   * lines that every answer has.
   */
  answer(gateway: Gateway, request: ModelRequest, describe: () => string): Promise<number | null>
}

/**
 * Answers a request that brings tools of servers behind the gateway (`type: "mcp"`): the model's calls of them are
 * made here. Every turn of the model is a request of its own with the same caller. Null, at once, for all other requests.
 */
export function useTools(
  gateway: Gateway,
  request: ModelRequest,
  progress: Progress,
): Promise<number | null> | null {
  const { requestTools } = gateway
  if (request.operation !== 'chat' || !requestTools.isOn() || !request.bytes.includes(marker)) return null
  if (!requestTools.wants(request)) return null
  return requestTools.answer(gateway, request, () => describeResponse(request, progress, performance.now()))
}
