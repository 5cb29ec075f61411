import { type JSONRPCMessage, WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server'
import { invalidParams, resourceNotFound } from '../call/rpc-error.ts'

/** The transport of the package, with the error code that revisions with a handshake have for a missing resource. */
export class LegacyTransport extends WebStandardStreamableHTTPServerTransport {
  override send(
    message: JSONRPCMessage,
    options?: Parameters<WebStandardStreamableHTTPServerTransport['send']>[1],
  ): Promise<void> {
    return super.send(isMissingResource(message) ? withLegacyCode(message) : message, options)
  }
}

type ErrorMessage = Extract<JSONRPCMessage, { error: unknown }>

function isMissingResource(message: JSONRPCMessage): message is ErrorMessage {
  if (!('error' in message) || message.error.code !== invalidParams) return false
  return (message.error.data as { uri?: unknown } | undefined)?.uri !== undefined
}

function withLegacyCode(message: ErrorMessage): JSONRPCMessage {
  return { ...message, error: { ...message.error, code: resourceNotFound } }
}
