import { type JsonRecord, parseJson, readRecord } from '../../conversation/json-value.ts'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Exchange } from '../../http/exchange.ts'
import { queryOf } from '../../http/path.ts'
import { ClientGone, readBody } from '../../http/read-body.ts'
import type { Method, Route } from '../../http/router.ts'
import type { Caller } from '../../identity/caller.ts'
import { authenticate } from '../../pipeline/authenticate.ts'
import type { A2aPlane } from '../a2a-plane.ts'
import { A2aError, formatRestError } from '../protocol/a2a-error.ts'
import { readVersion } from '../protocol/choose-version.ts'
import type { Operation } from '../protocol/methods.ts'
import { acceptProtoNames } from '../protocol/proto-names.ts'
import { type AgentCall, beginCall } from '../relay/agent-call.ts'
import { findAgent } from './find-agent.ts'
import { performCall } from './perform-call.ts'
import { requireEnabled } from './require-enabled.ts'
import { requireJson } from './require-json.ts'
import { maxBodyBytes } from './rpc-endpoint.ts'
import { sendEvents } from './send-events.ts'
import { toA2aError } from './to-a2a-error.ts'

type ReadParams = (
  params: Readonly<Record<string, string>>,
  query: URLSearchParams,
  body: JsonRecord,
) => JsonRecord

const bodyAlone: ReadParams = (_params, _query, body) => body
const taskOf: ReadParams = ({ task }, query) => ({ id: task, ...readNumbers(query, ['historyLength']) })
const pushOf: ReadParams = ({ task, config }, _query, body) => ({
  ...body,
  taskId: task,
  ...(config === undefined ? {} : { id: config }),
})
const filters: ReadParams = (_params, query) => ({
  ...Object.fromEntries(
    ['contextId', 'status', 'pageToken', 'statusTimestampAfter'].flatMap((name) => {
      const value = query.get(name)
      return value === null ? [] : [[name, value]]
    }),
  ),
  ...readNumbers(query, ['pageSize', 'historyLength']),
  includeArtifacts: query.get('includeArtifacts') === 'true',
})

const table: readonly (readonly [Method, path: string, Operation, ReadParams])[] = [
  ['POST', '/message:send', 'send', bodyAlone],
  ['POST', '/message:stream', 'stream', bodyAlone],
  ['GET', '/tasks', 'list', filters],
  ['GET', '/tasks/{task}', 'get', taskOf],
  ['POST', '/tasks/{task}', 'get', taskOf],
  ['POST', '/tasks/{task}/pushNotificationConfigs', 'set-push', pushOf],
  ['GET', '/tasks/{task}/pushNotificationConfigs', 'list-push', pushOf],
  ['GET', '/tasks/{task}/pushNotificationConfigs/{config}', 'get-push', pushOf],
  ['DELETE', '/tasks/{task}/pushNotificationConfigs/{config}', 'remove-push', pushOf],
  ['GET', '/extendedAgentCard', 'extended-card', () => ({})],
]

/** The HTTP+JSON binding of A2A 1.0 (§11), below the address of each agent. */
export function restBindingRoutes(plane: A2aPlane): Route<Endpoint>[] {
  return table.map(([method, path, operation, readParams]) => ({
    method,
    template: `/a2a/{id}${path}`,
    auth: 'user',
    aliased: false,
    handler: restEndpoint(plane, operation, readParams),
  }))
}

function restEndpoint(plane: A2aPlane, operation: Operation, readParams: ReadParams): Endpoint {
  return {
    errors: 'control',
    handle: async (exchange, params) => {
      requireEnabled(plane)
      const caller = await authenticate(plane.identity, exchange, 'user')
      let call: AgentCall | null = null
      try {
        call = await readCall(plane, { exchange, caller, params }, operation, readParams)
        await answer(plane, call)
        plane.settle(call, null)
      } catch (error) {
        if (error instanceof ClientGone) throw error
        const failure = toA2aError(error)
        if (call !== null) plane.settle(call, failure)
        if (!exchange.response.headersSent) sendFailure(exchange, failure)
      }
    },
  }
}

interface RestRequest {
  readonly exchange: Exchange
  readonly caller: Caller
  readonly params: Readonly<Record<string, string>>
}

/** What a request asks for, in the terms of 1.0. Errors: A2aError. */
async function readCall(
  plane: A2aPlane,
  { exchange, caller, params }: RestRequest,
  operation: Operation,
  readParams: ReadParams,
): Promise<AgentCall> {
  requireVersion(exchange)
  const { body, bytes } = await readObject(exchange)
  const agent = findAgent(plane, params['id'] ?? '', caller)
  const { task, verb } = splitVerb(params['task'] ?? '')
  const asked = verb ?? operation
  if (exchange.request.method === 'POST' && asked === 'get')
    throw new A2aError('METHOD_NOT_FOUND', 'POST to a task ends in :cancel or :subscribe.')
  const read = readParams({ ...params, task }, queryOf(exchange.target), body)
  return beginCall({ exchange, caller, agent, operation: asked, version: '1.0', params: read, bytes })
}

async function answer(plane: A2aPlane, call: AgentCall): Promise<void> {
  const performed = await performCall(plane, call)
  const version = ['a2a-version', '1.0']
  const { extensions } = performed
  const headers = extensions === null ? version : [...version, 'a2a-extensions', extensions]
  if ('result' in performed) {
    call.exchange.sendJson(200, performed.result ?? {}, headers)
    return
  }
  await sendEvents(call, performed, {
    streams: plane.streams,
    headers,
    frame: (event) => JSON.stringify(event),
    frameError: (error) => JSON.stringify(formatRestError(error)),
  })
}

/** `{id}:cancel` and `{id}:subscribe` are one segment of the path. */
function splitVerb(segment: string): { task: string; verb: Operation | null } {
  const [, task, verb] = /^(.*):(cancel|subscribe)$/.exec(segment) ?? []
  return task === undefined ? { task: segment, verb: null } : { task, verb: verb as Operation }
}

function sendFailure(exchange: Exchange, failure: A2aError): void {
  const headers = ['a2a-version', '1.0']
  const retry = failure.options.retryAfterSeconds
  if (retry !== undefined) headers.push('retry-after', String(retry))
  exchange.sendJson(failure.restStatus, formatRestError(failure), headers)
}

/** The binding is one of 1.0; a client that names no version means it. */
function requireVersion(exchange: Exchange): void {
  const header = exchange.header('a2a-version')
  if (header === null || header === '' || readVersion(header) === '1.0') return
  throw new A2aError('VERSION_NOT_SUPPORTED', 'HTTP+JSON is served in version 1.0; for 0.3 use JSON-RPC.')
}

async function readObject(exchange: Exchange): Promise<{ body: JsonRecord; bytes: number }> {
  if (exchange.request.method !== 'POST') return { body: {}, bytes: 0 }
  const read = await readBody(exchange.request, maxBodyBytes)
  if (read.length === 0) return { body: {}, bytes: 0 }
  requireJson(exchange)
  const parsed = parseJson(read.toString('utf8'))
  if (parsed === undefined) throw new A2aError('INVALID_JSON', 'The body is not valid JSON.')
  const record = readRecord(parsed)
  if (record === null) throw new A2aError('INVALID_REQUEST', 'The body should be an object.')
  return { body: acceptProtoNames(record), bytes: read.length }
}

function readNumbers(query: URLSearchParams, names: readonly string[]): JsonRecord {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = query.get(name)
      return value === null || value === '' ? [] : [[name, Number(value)]]
    }),
  )
}
