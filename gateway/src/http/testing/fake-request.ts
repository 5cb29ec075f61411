import { parseRequestHead, type RequestHead } from '../server/parse-request-head.ts'
import { type RequestSource, ServerRequest } from '../server/server-request.ts'

/** A head as if it had come over a connection. */
export function fakeHead(method: string, target: string, headers: readonly string[] = []): RequestHead {
  const lines = [`${method} ${target} HTTP/1.1`, 'host: gateway', ...headers]
  return parseRequestHead(`${lines.join('\r\n')}\r\n\r\n`)
}

/** A request whose body the test writes with `deliver`, `finish` and `abort`; `events` tells what it asked for. */
export function fakeRequest(head: RequestHead): {
  readonly request: ServerRequest
  readonly events: string[]
} {
  const events: string[] = []
  const source: RequestSource = {
    remoteAddress: '127.0.0.1',
    onBodyWanted: () => events.push('wanted'),
    pauseBody: () => events.push('pause'),
    resumeBody: () => events.push('resume'),
  }
  const request = new ServerRequest(head, source)
  request.complete = head.bodyLength === 0
  return { request, events }
}
