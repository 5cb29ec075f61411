import type { Exchange } from '../../http/exchange.ts'
import { headLine, headLines } from '../../http/server/head-line.ts'
import { version } from '../../version.ts'

const versionLine = headLine('x-routeiq-version', version)
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** What the server of this process says about the connection itself. */
const connectionHeaders = new Set(['connection', 'content-length', 'transfer-encoding'])

/**
 * Answers an exchange by what the packages of the protocol take and give. The request's signal fires when the client
 * leaves; its body is handed over parsed. Streams go out piece by piece as they come.
 */
export async function answerByWeb(
  exchange: Exchange,
  answer: (request: Request) => Promise<Response>,
): Promise<void> {
  const gone = new AbortController()
  exchange.whenClientGone(() => gone.abort(new Error('the client has left')))
  const response = await answer(toWebRequest(exchange, gone.signal))
  const { status, headers, body } = response
  const flat = [...headers].filter(([name]) => !connectionHeaders.has(name)).flat()
  if (body === null || !/^text\/event-stream\b/i.test(headers.get('content-type') ?? '')) {
    exchange.sendBytes(status, flat, Buffer.from(await response.arrayBuffer()))
    return
  }
  const lines = `x-request-id: ${exchange.requestId}\r\n${headLines(flat)}${versionLine}`
  await sendStream(exchange, gone.signal, body.getReader(), () => exchange.response.begin(status, lines))
}

function toWebRequest(exchange: Exchange, signal: AbortSignal): Request {
  const headers = new Headers()
  for (const [name, value] of Object.entries(exchange.request.headers))
    if (value !== undefined && token.test(name)) headers.set(name, value)
  const { method } = exchange.request
  return new Request(`http://gateway${exchange.target}`, { method, headers, signal })
}

async function sendStream(
  { response }: Exchange,
  gone: AbortSignal,
  reader: ReadableStreamDefaultReader<Uint8Array>,
  begin: () => void,
): Promise<void> {
  let wake: () => void = () => {}
  const leave = (): void => {
    wake()
    void reader.cancel().catch(() => {})
  }
  if (gone.aborted) return leave()
  gone.addEventListener('abort', leave, { once: true })
  response.onDrain = () => wake()
  begin()
  for (;;) {
    const { done, value } = await reader.read()
    if (done || gone.aborted) break
    const flows = response.writeBytes(Buffer.from(value.buffer, value.byteOffset, value.byteLength))
    if (flows || gone.aborted) continue
    await new Promise<void>((resolve) => {
      wake = resolve
    })
  }
  response.end()
}
