import { type ErrorCode, errorCatalogue, GatewayError, type GatewayErrorOptions } from '@routeiq/contract'

export interface IpcCall {
  readonly routeiq: 'call'
  readonly target: string
  readonly id: number
  readonly method: string
  readonly args: readonly unknown[]
}

export interface IpcAnswer {
  readonly routeiq: 'answer'
  readonly target: string
  readonly id: number
  readonly value?: unknown
  readonly error?: IpcError
}

/** An error as it travels: a catalogue error keeps its code and options, any other its name and message. */
export interface IpcError {
  readonly name: string
  readonly message: string
  readonly code: ErrorCode | null
  readonly options: GatewayErrorOptions
}

export function isIpcCall(message: unknown): message is IpcCall {
  return isTagged(message) && message.routeiq === 'call'
}

export function isIpcAnswer(message: unknown): message is IpcAnswer {
  return isTagged(message) && message.routeiq === 'answer'
}

export function packError(error: unknown): IpcError {
  if (error instanceof GatewayError) {
    // A cause may hold sockets and functions, which cannot be sent.
    const { cause: _, ...options } = error.options
    return { name: error.name, message: error.message, code: error.code, options }
  }
  const { name, message } = error instanceof Error ? error : new Error(String(error))
  return { name, message, code: null, options: {} }
}

export function unpackError({ name, message, code, options }: IpcError): Error {
  if (code !== null && code in errorCatalogue) return new GatewayError(code, message, options)
  const error = new Error(message)
  error.name = name
  return error
}

function isTagged(message: unknown): message is { routeiq: unknown } {
  return typeof message === 'object' && message !== null && 'routeiq' in message
}
