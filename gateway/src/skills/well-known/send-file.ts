import type { Exchange } from '../../http/exchange.ts'
import { headLine, headLines } from '../../http/server/head-line.ts'
import { version } from '../../version.ts'
import { digestContent } from '../tree-digest.ts'

/** An answer that is ready to be written: its head, and its body one octet a character. */
export interface ReadyAnswer {
  readonly etag: string
  readonly head: string
  readonly body: string
}

const anyOrigin = headLine('access-control-allow-origin', '*')

/** The head all answers share, whatever they carry. */
export function headOf(etag: string, headers: readonly string[]): string {
  return headLines([
    ...headers,
    'etag',
    etag,
    'x-content-type-options',
    'nosniff',
    'x-routeiq-version',
    version,
  ])
}

/** JSON for anybody, good for a minute. */
export function jsonAnswer(value: object): ReadyAnswer {
  const bytes = Buffer.from(JSON.stringify(value))
  const etag = `"${digestContent(bytes)}"`
  const head = headOf(etag, ['content-type', 'application/json', 'cache-control', 'public, max-age=60'])
  return { etag, head, body: bytes.toString('latin1') }
}

/** Answers GET and HEAD, or says that the client has it already. */
export function sendReady(exchange: Exchange, { etag, head, body }: ReadyAnswer): void {
  const lines = head + corsOf(exchange)
  if (isKnown(exchange, etag)) exchange.send(304, lines, '')
  else exchange.send(200, lines, body)
}

/** The 404 of everything that is not published. */
export function sendRefusal(exchange: Exchange, body: object): void {
  const origin = exchange.response.extraLines === '' ? ['access-control-allow-origin', '*'] : []
  exchange.sendJson(404, body, ['x-content-type-options', 'nosniff', ...origin])
}

/**
 * As `sendReady`, for bytes that are not held in memory; a client that reads slowly slows the reading down. False, with
 * nothing sent, when `open` finds nothing.
 */
export async function sendPieces(
  exchange: Exchange,
  { etag, head }: Omit<ReadyAnswer, 'body'>,
  open: () => Promise<AsyncIterable<Uint8Array> | null>,
): Promise<boolean> {
  const lines = head + corsOf(exchange)
  if (isKnown(exchange, etag)) {
    exchange.send(304, lines, '')
    return true
  }
  const { request, response } = exchange
  const pieces = request.method === 'HEAD' ? [] : await open()
  if (pieces === null) return false
  response.begin(200, headLine('x-request-id', exchange.requestId) + lines)
  try {
    for await (const piece of pieces) {
      if (exchange.clientGone) return true
      if (!response.writeBytes(Buffer.from(piece))) await drained(exchange)
    }
    response.end()
  } catch {
    // The head is out: what cannot be finished ends the connection, so that nobody takes it for whole.
    response.destroy()
  }
  return true
}

function drained(exchange: Exchange): Promise<void> {
  return new Promise((resolve) => {
    exchange.response.onDrain = resolve
    exchange.whenClientGone(resolve)
  })
}

/** Where cross-origin rules are configured, theirs stand in the answer already. */
const corsOf = ({ response }: Exchange): string => (response.extraLines === '' ? anyOrigin : '')

/** RFC 9110 §13.1.2. */
function isKnown(exchange: Exchange, etag: string): boolean {
  const given = exchange.header('if-none-match')
  if (given === null) return false
  return given.split(',').some((tag) => ['*', etag].includes(tag.trim().replace(/^W\//, '')))
}
