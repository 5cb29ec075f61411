import type { GatewayError } from '@routeiq/contract'
import type { Exchange } from '../../http/exchange.ts'

export type Encoding = 'application/json' | 'application/x-protobuf'

/** The codes of google.rpc.Status, by which OTLP tells what went wrong. */
const statusCodes: Readonly<Record<number, number>> = {
  400: 3,
  401: 16,
  403: 7,
  413: 8,
  415: 3,
  422: 3,
  429: 8,
  503: 14,
}
const internal = 13

/** What could not be kept of an export, of which the rest was. */
export interface Rejected {
  readonly spans: number
  readonly message: string
}

/** `ExportTraceServiceResponse`. */
export function sendAccepted(exchange: Exchange, encoding: Encoding, rejected: Rejected | null): void {
  if (encoding === 'application/json') {
    const partialSuccess = rejected && {
      rejectedSpans: String(rejected.spans),
      errorMessage: rejected.message,
    }
    exchange.sendJson(200, rejected === null ? {} : { partialSuccess })
    return
  }
  const parts =
    rejected === null ? [] : [...numberField(1, rejected.spans), ...textField(2, rejected.message)]
  const body = Buffer.from(rejected === null ? [] : bytesField(1, parts))
  exchange.sendBytes(200, ['content-type', encoding], body)
}

/** A refusal as exporters read it: `Status`, in the encoding of the request. */
export function sendRefused(exchange: Exchange, encoding: Encoding, error: GatewayError): void {
  const { message, status, options } = error
  const code = statusCodes[status] ?? internal
  const retryAfter = options.retryAfterSeconds
  const headers = [
    ...['x-routeiq-error-origin', error.origin],
    ...(retryAfter === undefined ? [] : ['retry-after', String(Math.ceil(retryAfter))]),
    ...Object.entries(options.headers ?? {}).flat(),
  ]
  if (encoding === 'application/json') exchange.sendJson(status, { code, message }, headers)
  else {
    const body = Buffer.from([...numberField(1, code), ...textField(2, message)])
    exchange.sendBytes(status, ['content-type', encoding, ...headers], body)
  }
}

function numberField(field: number, value: number): number[] {
  return [field << 3, ...varint(value)]
}

const textField = (field: number, text: string): number[] => bytesField(field, [...Buffer.from(text)])

function bytesField(field: number, bytes: readonly number[]): number[] {
  return [(field << 3) | 2, ...varint(bytes.length), ...bytes]
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80)
    rest = Math.floor(rest / 128)
  }
  return [...bytes, rest]
}
