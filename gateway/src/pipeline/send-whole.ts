import type { ModelRequest } from './model-request.ts'
import type { Progress } from './progress.ts'
import { describeResponse } from './response-headers.ts'

/** Sends an answer that no provider gave, whole, in the form the request wants. */
export function sendWhole(request: ModelRequest, progress: Progress, body: Buffer | string): void {
  progress.status = 200
  const type = request.stream
    ? `content-type: ${request.protocol.streamType}\r\ncache-control: no-cache\r\n`
    : 'content-type: application/json\r\n'
  request.exchange.send(200, type + describeResponse(request, progress, performance.now()), body)
}
