import { type JsonRecord, parseJson, readRecord } from '../../conversation/json-value.ts'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Exchange } from '../../http/exchange.ts'
import { ClientGone, readBody } from '../../http/read-body.ts'
import { authenticate } from '../../pipeline/authenticate.ts'
import type { A2aPlane } from '../a2a-plane.ts'
import { A2aError, formatRpcError } from '../protocol/a2a-error.ts'
import { chooseMethod, readVersion, VersionedError } from '../protocol/choose-version.ts'
import type { Operation, Version } from '../protocol/methods.ts'
import { acceptProtoNames } from '../protocol/proto-names.ts'
import { type AgentCall, beginCall } from '../relay/agent-call.ts'
import { findAgent } from './find-agent.ts'
import { performCall } from './perform-call.ts'
import { requireEnabled } from './require-enabled.ts'
import { requireJson } from './require-json.ts'
import { sendEvents } from './send-events.ts'
import { toA2aError } from './to-a2a-error.ts'

export const maxBodyBytes = 4 * 1024 * 1024

/** JSON-RPC to one agent. `forced` is what the path asks for, whatever method the body names. */
export function rpcEndpoint(plane: A2aPlane, forced: 'send' | 'stream' | null): Endpoint {
  return {
    errors: 'control',
    handle: async (exchange, params) => {
      requireEnabled(plane)
      const caller = await authenticate(plane.identity, exchange, 'user')
      const request = new RpcRequest(exchange)
      let call: AgentCall | null = null
      try {
        requireJson(exchange)
        const body = await readBody(exchange.request, maxBodyBytes)
        request.read(body, forced)
        const { id } = params
        if (id === undefined) throw noAgentNamed()
        const agent = findAgent(plane, id, caller)
        const { operation, version, params: asked } = request
        const rawId = plane.settings().passesBytes ? request.id : null
        const bytes = body.length
        call = beginCall({ exchange, caller, agent, operation, version, params: asked, bytes, rawId })
        await answer(plane, request, call)
        plane.settle(call, null)
      } catch (error) {
        if (error instanceof ClientGone) throw error
        const failure = request.readFailure(error)
        if (call !== null) plane.settle(call, failure)
        if (!exchange.response.headersSent) request.sendError(failure)
      }
    },
  }
}

function noAgentNamed(): A2aError {
  return new A2aError('METHOD_NOT_FOUND', 'Method not found: agents are called at /a2a/<agent>.')
}

async function answer(plane: A2aPlane, request: RpcRequest, call: AgentCall): Promise<void> {
  const performed = await performCall(plane, call)
  const headers = request.headers(performed.extensions)
  if ('result' in performed) {
    call.exchange.sendJson(200, { jsonrpc: '2.0', id: request.id, result: performed.result }, headers)
    return
  }
  await sendEvents(call, performed, {
    streams: plane.streams,
    headers,
    frame: (event) => JSON.stringify({ jsonrpc: '2.0', id: request.id, result: event }),
    frameError: (error) =>
      JSON.stringify({ jsonrpc: '2.0', id: request.id, error: formatRpcError(error, request.version) }),
  })
}

type RpcId = string | number | null

/** One JSON-RPC request, as far as it could be read: errors are told in its id and version. */
class RpcRequest {
  id: RpcId = null
  version: Version
  operation: Operation = 'send'
  params: JsonRecord = {}
  readonly #exchange: Exchange

  constructor(exchange: Exchange) {
    this.#exchange = exchange
    this.version = readVersion(exchange.header('a2a-version')) ?? '0.3'
  }

  read(bytes: Buffer, forced: 'send' | 'stream' | null): void {
    const parsed = parseJson(bytes.toString('utf8'))
    if (parsed === undefined) throw new A2aError('INVALID_JSON', 'Parse error: the body is not valid JSON.')
    const message = readRecord(parsed)
    if (message === null)
      throw new A2aError('INVALID_REQUEST', 'The body is not one JSON-RPC request object.')
    const { id, method, params } = message
    if (typeof id === 'string' || typeof id === 'number') this.id = id
    else if (id !== undefined && id !== null)
      throw new A2aError('INVALID_REQUEST', 'id: this should be text, a number or null.')
    if (message['jsonrpc'] !== '2.0') throw new A2aError('INVALID_REQUEST', 'jsonrpc: this should be "2.0".')
    if (typeof method !== 'string' || method === '')
      throw new A2aError('INVALID_REQUEST', 'method: the name of a method is needed.')
    this.#choose(method, forced)
    if (params !== undefined && params !== null && readRecord(params) === null)
      throw new A2aError('INVALID_PARAMS', 'params: this should be an object.')
    const given = readRecord(params) ?? {}
    this.params = this.version === '1.0' ? acceptProtoNames(given) : given
  }

  /** The path decides between sending and streaming; so does a client that accepts nothing but a stream. */
  #choose(method: string, forced: 'send' | 'stream' | null): void {
    const asked = this.#exchange.header('a2a-version') ?? queryVersion(this.#exchange)
    const chosen = chooseMethod(method, asked)
    this.version = chosen.version
    this.operation = chosen.operation
    if (chosen.operation !== 'send' && chosen.operation !== 'stream') return
    const accept = this.#exchange.header('accept') ?? ''
    const wantsStream = accept.includes('text/event-stream') && !/json|\*\/\*/.test(accept)
    this.operation = forced ?? (wantsStream ? 'stream' : chosen.operation)
  }

  /** What went wrong, which is told in the version of the method's name where no header says which one. */
  readFailure(error: unknown): A2aError {
    if (!(error instanceof VersionedError)) return toA2aError(error)
    this.version = error.version
    return error.error
  }

  headers(extensions: string | null): string[] {
    const headers = ['a2a-version', this.version]
    return extensions === null ? headers : [...headers, 'a2a-extensions', extensions]
  }

  sendError(error: A2aError): void {
    const retry = error.options.retryAfterSeconds
    const headers = this.headers(null)
    if (retry !== undefined) headers.push('retry-after', String(retry))
    const isBroken = error.reason === 'INVALID_JSON' || error.reason === 'INVALID_REQUEST'
    const detail = {
      error: error.reason === 'INVALID_JSON' ? 'invalid_json' : 'invalid_request',
      message: error.message,
      request_id: this.#exchange.requestId,
    }
    const body = { jsonrpc: '2.0', id: this.id, error: formatRpcError(error, this.version) }
    this.#exchange.sendJson(error.rpcStatus(this.version), isBroken ? { ...body, detail } : body, headers)
  }
}

/** Clients that cannot set headers name the version in the query. */
function queryVersion({ target }: Exchange): string | null {
  const query = target.indexOf('?')
  return query === -1 ? null : new URLSearchParams(target.slice(query)).get('A2A-Version')
}
