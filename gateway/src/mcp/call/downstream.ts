import type { ClientCapabilities } from '@modelcontextprotocol/client'
import type { Exchange } from '../../http/exchange.ts'
import type { Caller } from '../../identity/caller.ts'
import type { McpResult } from '../upstream/upstream-session.ts'

/** The request over HTTP that brought a call. */
export interface CallOrigin extends Pick<Exchange, 'requestId' | 'trace'> {
  /** The message in it, of clients of the protocol whose request is traced. */
  readonly message?: TracedMessage
}

/** What a trace tells of a message of the protocol. */
export interface TracedMessage {
  readonly id: string
  readonly protocolVersion: string | null
  /** Digest of the session's id. */
  readonly session: string | null
}

/** The client's side of one request, whichever way it came. */
export interface Downstream {
  readonly era: 'legacy' | 'modern'
  /** Digest of the key. */
  readonly principal: string
  /** Whose accounts at servers are used, and who pays. */
  readonly caller: Caller
  readonly origin: CallOrigin
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** What the client can be asked, as it said. */
  readonly capabilities: ClientCapabilities
  readonly logLevel: string | null
  readonly signal: AbortSignal
  /** `_meta` of the request without what belongs to its own connection. */
  readonly meta: Readonly<Record<string, unknown>>
  readonly progressToken: string | number | null
  /** Answers to what an earlier try was asked; modern clients only. */
  readonly inputResponses: Readonly<Record<string, unknown>> | null
  readonly requestState: string | null
  /** A message that belongs to this request. */
  notify(method: string, params: Record<string, unknown>): void
  /** Asks the client; legacy clients only. */
  ask(method: string, params: Record<string, unknown>): Promise<McpResult>
}

/** Whom sessions, states and cursors belong to. */
export function principalOf({ keyHash, kind }: Caller): string {
  return keyHash ?? kind
}

/** What of a client's capabilities the gateway can bridge: being asked something, and extensions of the server. */
export function bridgedCapabilities({
  elicitation,
  sampling,
  roots,
  extensions,
}: ClientCapabilities): ClientCapabilities {
  return {
    ...(elicitation !== undefined && { elicitation }),
    ...(sampling !== undefined && { sampling }),
    ...(roots !== undefined && { roots: {} }),
    ...(extensions !== undefined && { extensions }),
  }
}

const levels = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency']

/** Log messages reach a client as loud as it wants them, and a modern one only when it said so; others always. */
export function passOn(
  { era, logLevel, notify }: Downstream,
  method: string,
  params: Record<string, unknown>,
): void {
  if (method === 'notifications/message') {
    if (logLevel === null && era === 'modern') return
    if (logLevel !== null && levels.indexOf(String(params['level'])) < levels.indexOf(logLevel)) return
  }
  notify(method, params)
}
