import { GatewayError } from '@routeiq/contract'
import type { RequestHead } from './parse-request-head.ts'

const maxHeaderCount = 100
const maxHeaderValueBytes = 16_384
const maxTargetBytes = 8_192

/** Refuses oversized targets, header counts and values before anything else looks at the request. */
export function checkHead(head: RequestHead): GatewayError | null {
  if (head.target.length > maxTargetBytes)
    return new GatewayError('uri_too_long', `The request target is longer than ${maxTargetBytes} bytes.`)
  if (head.headers['host'] === undefined && !head.oldVersion)
    return new GatewayError('invalid_request', 'An HTTP/1.1 request needs a Host header.')
  if (head.headerCount > maxHeaderCount)
    return new GatewayError('headers_too_large', `The request has more than ${maxHeaderCount} headers.`)
  if (head.longestValue > maxHeaderValueBytes)
    return new GatewayError('headers_too_large', `A header is longer than ${maxHeaderValueBytes} bytes.`)
  return null
}
