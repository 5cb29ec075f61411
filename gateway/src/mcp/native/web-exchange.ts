import type { Exchange } from '../../http/exchange.ts'
import { headLine, headLines } from '../../http/server/head-line.ts'
import { version } from '../../version.ts'

const versionLine = headLine('x-routeiq-version', version)
/** What the server of this process says about the connection itself. */
const connectionHeaders = new Set(['connection', 'content-length', 'transfer-encoding'])

/** What was asked for, in one piece. A `Response` would cost more than the rest of many an answer. */
export class PlainAnswer {
  /** Names and values in turn. */
  readonly headers: readonly string[]
  readonly text: string

  constructor(headers: readonly string[], text: string) {
    this.headers = headers
    this.text = text
  }
}

/**
 * Answers an exchange by what the packages of the protocol take and give. The request's signal fires when the client
 * leaves; its body is handed over parsed. Streams go out piece by piece as they come.
 */
export async function answerByWeb(
  exchange: Exchange,
  answer: (request: Request) => Promise<Response | PlainAnswer>,
): Promise<void> {
  const gone = new AbortController()
  exchange.whenClientGone(() => gone.abort(new Error('the client has left')))
  const response = await answer(toWebRequest(exchange, gone.signal))
  if (response instanceof PlainAnswer) {
    exchange.sendBytes(200, response.headers, Buffer.from(response.text))
    return
  }
  const { status, headers, body } = response
  const flat = [...headers].filter(([name]) => !connectionHeaders.has(name)).flat()
  if (body === null || !/^text\/event-stream\b/i.test(headers.get('content-type') ?? '')) {
    exchange.sendBytes(status, flat, Buffer.from(await response.arrayBuffer()))
    return
  }
  const lines = `x-request-id: ${exchange.requestId}\r\n${headLines(flat)}${versionLine}`
  await sendStream(exchange, gone.signal, body.getReader(), () => exchange.response.begin(status, lines))
}

/**
 * The packages read these members of a request and no others when its body is handed over parsed. Making a whole `Request`,
 * whose signal follows another one, costs more than answering many a message.
 */
function toWebRequest({ request, target }: Exchange, signal: AbortSignal): Request {
  const { method, headers } = request
  const read = (name: string): string | null => headers[name.toLowerCase()] ?? null
  const fields: Pick<Headers, 'get' | 'has'> = { get: read, has: (name) => read(name) !== null }
  const members: Pick<Request, 'method' | 'url' | 'headers' | 'signal'> = {
    ...{ method, url: `http://gateway${target}`, headers: fields as Headers, signal },
  }
  return members as Request
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
