import { GatewayError } from '@routeiq/contract'
import type { Gateway } from './gateway.ts'
import type { ModelRequest } from './model-request.ts'

const marker = '"mcp"'

/** Tools of servers behind the gateway, which requests bring by naming the server. */
export interface RequestTools {
  readonly isOn: () => boolean
  /** Whether the gateway is to answer for one of the request's tools. Errors: 400 for a tool that cannot be read. */
  wants(request: ModelRequest): boolean
  /** Answers the client, after as many calls of the model as its tools need. Resolves with the status. */
  answer(gateway: Gateway, request: ModelRequest): Promise<number>
}

/**
 * Answers a chat completion that brings tools of servers behind the gateway (`type: "mcp"`): the model's calls of them are
 * made here. Every turn of the model is a request of its own with the same caller. Null, at once, for all other requests.
 */
export function useTools(gateway: Gateway, request: ModelRequest): Promise<number> | null {
  const { requestTools } = gateway
  if (request.operation !== 'chat' || !requestTools.isOn() || !request.bytes.includes(marker)) return null
  if (!requestTools.wants(request)) return null
  if (request.protocol.id === 'openai-chat') return requestTools.answer(gateway, request)
  throw new GatewayError(
    'unsupported_parameter',
    'Tools of servers behind the gateway can be used in chat completions; this dialect comes later.',
    { param: 'tools' },
  )
}
