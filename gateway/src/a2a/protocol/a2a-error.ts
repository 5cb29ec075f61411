import type { JsonRecord } from '../../conversation/json-value.ts'
import type { Version } from './methods.ts'

/** Every way in which a call can fail: JSON-RPC code, HTTP status of JSON-RPC, HTTP status and name of HTTP+JSON. */
const reasons = {
  INVALID_JSON: [-32700, 400, 400, 'INVALID_ARGUMENT'],
  INVALID_REQUEST: [-32600, 400, 400, 'INVALID_ARGUMENT'],
  REQUEST_TOO_LARGE: [-32600, 413, 413, 'INVALID_ARGUMENT'],
  METHOD_NOT_FOUND: [-32601, 200, 404, 'NOT_FOUND'],
  INVALID_PARAMS: [-32602, 200, 400, 'INVALID_ARGUMENT'],
  AGENT_NOT_FOUND: [-32000, 404, 404, 'NOT_FOUND'],
  RATE_LIMITED: [-32000, 429, 429, 'RESOURCE_EXHAUSTED'],
  BUDGET_EXCEEDED: [-32000, 429, 429, 'RESOURCE_EXHAUSTED'],
  AGENT_UNAVAILABLE: [-32603, 200, 502, 'UNAVAILABLE'],
  UPSTREAM_TIMEOUT: [-32603, 200, 504, 'DEADLINE_EXCEEDED'],
  UPSTREAM_UNREACHABLE: [-32603, 200, 502, 'UNAVAILABLE'],
  UPSTREAM_ERROR: [-32603, 200, 502, 'INTERNAL'],
  INTERNAL: [-32603, 200, 500, 'INTERNAL'],
  TASK_NOT_FOUND: [-32001, 200, 404, 'NOT_FOUND'],
  TASK_NOT_CANCELABLE: [-32002, 200, 409, 'FAILED_PRECONDITION'],
  PUSH_NOTIFICATION_NOT_SUPPORTED: [-32003, 200, 400, 'UNIMPLEMENTED'],
  UNSUPPORTED_OPERATION: [-32004, 200, 400, 'UNIMPLEMENTED'],
  CONTENT_TYPE_NOT_SUPPORTED: [-32005, 200, 415, 'INVALID_ARGUMENT'],
  INVALID_AGENT_RESPONSE: [-32006, 200, 502, 'INTERNAL'],
  EXTENDED_AGENT_CARD_NOT_CONFIGURED: [-32007, 200, 400, 'FAILED_PRECONDITION'],
  EXTENSION_SUPPORT_REQUIRED: [-32008, 200, 400, 'FAILED_PRECONDITION'],
  VERSION_NOT_SUPPORTED: [-32009, 200, 400, 'UNIMPLEMENTED'],
} as const satisfies Readonly<Record<string, readonly [number, number, number, string]>>

export type Reason = keyof typeof reasons

/** Codes of older gateways, for clients that read them. */
const legacyCodes: Partial<Record<Reason, number>> = { AGENT_NOT_FOUND: -32002, RATE_LIMITED: -32003 }

interface A2aErrorOptions {
  /** More members of the details. */
  readonly metadata?: Readonly<Record<string, string>>
  readonly retryAfterSeconds?: number
  /** What the agent sent as `data`, relayed. */
  readonly data?: JsonRecord
  readonly cause?: unknown
}

/** A failed call, in the terms of the protocol. */
export class A2aError extends Error {
  readonly reason: Reason
  readonly options: A2aErrorOptions

  constructor(reason: Reason, message: string, options: A2aErrorOptions = {}) {
    super(message, { cause: options.cause })
    this.name = 'A2aError'
    this.reason = reason
    this.options = options
  }

  get code(): number {
    return reasons[this.reason][0]
  }

  /** The HTTP status of a JSON-RPC answer that holds it. Clients of 0.3 read the error only where it is 200. */
  rpcStatus(version: Version): number {
    return version === '0.3' && this.reason === 'INVALID_REQUEST' ? 200 : reasons[this.reason][1]
  }

  get restStatus(): number {
    return reasons[this.reason][2]
  }
}

/** -32602 for one parameter, named by its path. */
export function invalidParam(path: string, problem: string): A2aError {
  return new A2aError('INVALID_PARAMS', `params.${path}: ${problem}.`, { metadata: { field: path } })
}

const domain = 'a2a-protocol.org'

/** The error member of a JSON-RPC answer: `data` is an object in 0.3 and a list of typed details in 1.0. */
export function formatRpcError(error: A2aError, version: Version): JsonRecord {
  const base = { code: error.code, message: error.message }
  const legacyCode = legacyCodes[error.reason]
  if (version === '1.0') return { ...base, data: [errorInfo(error)] }
  const data = {
    ...error.options.data,
    ...error.options.metadata,
    ...(isOfTheProtocol(error) ? {} : { reason: error.reason }),
    ...(legacyCode === undefined ? {} : { legacyCode }),
  }
  return Object.keys(data).length === 0 ? base : { ...base, data }
}

/** Codes that the specification defines say enough. */
function isOfTheProtocol(error: A2aError): boolean {
  return error.code !== -32000 && error.code !== -32603
}

/** The body of a failed HTTP+JSON call (AIP-193). */
export function formatRestError(error: A2aError): JsonRecord {
  const [, , code, status] = reasons[error.reason]
  return { error: { code, status, message: error.message, details: [errorInfo(error)] } }
}

/** `google.rpc.ErrorInfo`. */
function errorInfo({ reason, options }: A2aError): JsonRecord {
  const legacyCode = legacyCodes[reason]
  const given = Object.entries(options.data ?? {}).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value] as const] : [],
  )
  return {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason,
    domain,
    metadata: {
      ...Object.fromEntries(given),
      ...options.metadata,
      ...(legacyCode === undefined ? {} : { legacyCode: String(legacyCode) }),
    },
  }
}

const byCode: ReadonlyMap<number, Reason> = new Map(
  (Object.entries(reasons) as [Reason, (typeof reasons)[Reason]][])
    .filter(
      ([reason, [code]]) =>
        code !== -32603 && code !== -32000 && reason !== 'INVALID_JSON' && reason !== 'REQUEST_TOO_LARGE',
    )
    .map(([reason, [code]]) => [code, reason]),
)

/** What an agent's error means to its caller: codes of the protocol are kept, others are the agent's failure. */
export function readAgentError(error: JsonRecord): A2aError {
  const code = typeof error['code'] === 'number' ? error['code'] : 0
  const message =
    typeof error['message'] === 'string' ? error['message'].slice(0, 2_000) : 'The agent failed.'
  const first = Array.isArray(error['data']) ? error['data'][0] : error['data']
  const data = typeof first === 'object' && first !== null ? ownDetails(first as JsonRecord) : {}
  const reason = byCode.get(code)
  if (reason !== undefined) return new A2aError(reason, message, { data })
  return new A2aError('UPSTREAM_ERROR', message, { data })
}

/** The members of the details that are not the frame of `ErrorInfo`. */
function ownDetails(details: JsonRecord): JsonRecord {
  const metadata = details['metadata']
  if (details['@type'] === undefined) return details
  return typeof metadata === 'object' && metadata !== null ? (metadata as JsonRecord) : {}
}
