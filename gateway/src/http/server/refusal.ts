import { randomUUID } from 'node:crypto'
import { type ErrorCode, errorCatalogue } from '@routeiq/contract'
import { statusLine } from './status-line.ts'

/** Why octets never became a request. */
export type Refusal = 'malformed' | 'headers_too_large' | 'headers_timeout'

const refusals: Readonly<Record<Refusal, readonly [ErrorCode, string]>> = {
  malformed: ['invalid_request', 'The request is not valid HTTP/1.1.'],
  headers_too_large: ['headers_too_large', 'The request headers exceed 32768 bytes.'],
  headers_timeout: ['timeout', 'The request headers did not arrive in time.'],
}

/** The whole answer to such octets, in the form most clients read. */
export function formatRefusal(refusal: Refusal): string {
  const [code, message] = refusals[refusal]
  const { status, type, wireCode } = errorCatalogue[code]
  const body = JSON.stringify({ error: { message, type, param: null, code: wireCode } })
  return (
    `${statusLine(status)}content-type: application/json\r\nx-routeiq-error-origin: gateway\r\n` +
    `x-request-id: ${randomUUID()}\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`
  )
}
