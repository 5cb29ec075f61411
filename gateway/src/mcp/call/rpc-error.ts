import type { UpstreamFailure } from '../upstream/upstream-failure.ts'

export const methodNotFound = -32_601
export const invalidParams = -32_602
export const internalError = -32_603
/** The gateway does not let the caller through. */
export const refused = -32_000
/** Calling tools is off. */
export const callsDisabled = -32_004
export const resourceNotFound = -32_002
export const urlElicitationRequired = -32_042

/** An error of JSON-RPC, as clients of the protocol get it. */
export class RpcError extends Error {
  readonly code: number
  readonly data: unknown

  constructor(code: number, message: string, data: unknown = undefined) {
    super(message)
    this.code = code
    this.data = data
  }
}

export function rpcErrorOf({ kind, code, message, data }: UpstreamFailure): RpcError {
  return kind === 'rpc'
    ? new RpcError(code, message, data)
    : new RpcError(internalError, message, { reason: kind })
}
