import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import { type ErrorCode, errorCatalogue, GatewayError } from '@routeiq/contract'

const maxHeaderBytes = 32_768
const maxHeaderCount = 100
const maxHeaderValueBytes = 16_384
const maxTargetBytes = 8_192
/** How long a refused connection may stay half open: time to read the answer, no more. */
const lingerMs = 2_000

/**
 * A server with every Node default that would cut model traffic short replaced: no request timeout (bodies and
 * answers have their own deadlines), 65 s keep-alive so that load balancers close first, 10 s for the headers.
 */
export function createHttpServer(
  listener: RequestListener,
  tls: { readonly keyFile: string; readonly certFile: string } | null,
): Server {
  const options = {
    keepAliveTimeout: 65_000,
    headersTimeout: 10_000,
    requestTimeout: 0,
    // Node's own refusal has no body; `checkHead` says what is wrong.
    requireHostHeader: false,
    maxHeaderSize: maxHeaderBytes,
    noDelay: true,
  }
  const server =
    tls === null
      ? createServer(options, listener)
      : createTlsServer(
          { ...options, key: readFileSync(tls.keyFile), cert: readFileSync(tls.certFile) },
          listener,
        )
  server.maxHeadersCount = 0
  server.on('clientError', answerClientError)
  return server
}

/** Refuses oversized targets, header counts and values before anything else looks at the request. */
export function checkHead(request: IncomingMessage): GatewayError | null {
  if ((request.url ?? '').length > maxTargetBytes) {
    return new GatewayError('uri_too_long', `The request target is longer than ${maxTargetBytes} bytes.`)
  }
  if (request.headers.host === undefined && request.httpVersion === '1.1') {
    return new GatewayError('invalid_request', 'An HTTP/1.1 request needs a Host header.')
  }
  const raw = request.rawHeaders
  if (raw.length > maxHeaderCount * 2) {
    return new GatewayError('headers_too_large', `The request has more than ${maxHeaderCount} headers.`)
  }
  for (let index = 1; index < raw.length; index += 2) {
    if ((raw[index] as string).length > maxHeaderValueBytes) {
      return new GatewayError('headers_too_large', `A header is longer than ${maxHeaderValueBytes} bytes.`)
    }
  }
  return null
}

/** Requests Node's parser refused never reach a route; they are answered here and the connection ends. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  // Node keeps the response under way here; a second head in the middle of it would be read as its body.
  const { _httpMessage: response } = socket as { _httpMessage?: { headersSent: boolean } | null }
  if (error.code === 'ECONNRESET' || !socket.writable || response?.headersSent === true) {
    socket.destroy()
    return
  }
  const [code, message] = describeClientError(error.code)
  const { status, type, wireCode } = errorCatalogue[code]
  const body = JSON.stringify({ error: { message, type, param: null, code: wireCode } })
  const reasons: Record<number, string> = {
    400: 'Bad Request',
    408: 'Request Timeout',
    431: 'Request Header Fields Too Large',
  }
  socket.setTimeout(lingerMs, () => socket.destroy())
  socket.end(
    `HTTP/1.1 ${status} ${reasons[status]}\r\ncontent-type: application/json\r\nx-routeiq-error-origin: gateway\r\n` +
      `x-request-id: ${randomUUID()}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}

function describeClientError(code: string | undefined): [ErrorCode, string] {
  if (code === 'HPE_HEADER_OVERFLOW')
    return ['headers_too_large', `The request headers exceed ${maxHeaderBytes} bytes.`]
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return ['timeout', 'The request headers did not arrive in time.']
  return ['invalid_request', 'The request is not valid HTTP/1.1.']
}
