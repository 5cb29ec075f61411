import { type JSONRPCMessage, WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server'
import { invalidParams, resourceNotFound } from '../call/rpc-error.ts'
import { PlainAnswer } from './web-exchange.ts'

/** Later than this a client rather holds a stream, which it can take up again when it breaks. */
const promptMs = 100

type Base = WebStandardStreamableHTTPServerTransport
type RequestId = string | number

/**
 * The transport of the package, with the error code that revisions with a handshake have for a missing resource. A request that is
 * answered promptly, and before anything else is said about it, gets its answer in one piece instead of a stream.
 */
export class LegacyTransport extends WebStandardStreamableHTTPServerTransport {
  /** Requests about which nothing was said yet. */
  readonly #silent = new Map<RequestId, (answer: JSONRPCMessage | null) => void>()

  /** As `handleRequest` of the package. */
  async answer(
    request: Request,
    options: Parameters<Base['handleRequest']>[1],
  ): Promise<Response | PlainAnswer> {
    const id = requestIdOf(options?.parsedBody)
    if (id === null || this.#silent.has(id)) return this.handleRequest(request, options)
    const answered = new Promise<JSONRPCMessage | null>((resolve) => {
      this.#silent.set(id, resolve)
    })
    const timer = setTimeout(() => this.#break(id, null), promptMs)
    try {
      const stream = await this.handleRequest(request, options)
      // The package refuses in one piece.
      if (!stream.headers.get('content-type')?.startsWith('text/event-stream')) return stream
      const answer = await answered
      if (answer === null) return stream
      const session = this.sessionId === undefined ? [] : ['mcp-session-id', this.sessionId]
      return new PlainAnswer(['content-type', 'application/json', ...session], JSON.stringify(answer))
    } finally {
      clearTimeout(timer)
      this.#silent.delete(id)
    }
  }

  override send(message: JSONRPCMessage, options?: Parameters<Base['send']>[1]): Promise<void> {
    const about = 'method' in message ? options?.relatedRequestId : message.id
    const known = isMissingResource(message) ? withLegacyCode(message) : message
    if (about === undefined || 'method' in message) {
      if (about !== undefined) this.#break(about, null)
      return super.send(known, options)
    }
    // The package only has to know that the request is over.
    if (this.#break(about, known)) return super.send({ jsonrpc: '2.0', id: about, result: {} }, options)
    return super.send(known, options)
  }

  /** Something is said about a request; false when it was not silent any more. */
  #break(id: RequestId, answer: JSONRPCMessage | null): boolean {
    const resolve = this.#silent.get(id)
    this.#silent.delete(id)
    resolve?.(answer)
    return resolve !== undefined
  }
}

/** The id of a message that wants one answer; null for everything else. */
function requestIdOf(body: unknown): RequestId | null {
  if (typeof body !== 'object' || body === null) return null
  const { id, method } = body as { id?: unknown; method?: unknown }
  return typeof method === 'string' && (typeof id === 'string' || typeof id === 'number') ? id : null
}

type ErrorMessage = Extract<JSONRPCMessage, { error: unknown }>

function isMissingResource(message: JSONRPCMessage): message is ErrorMessage {
  if (!('error' in message) || message.error.code !== invalidParams) return false
  return (message.error.data as { uri?: unknown } | undefined)?.uri !== undefined
}

function withLegacyCode(message: ErrorMessage): JSONRPCMessage {
  return { ...message, error: { ...message.error, code: resourceNotFound } }
}
