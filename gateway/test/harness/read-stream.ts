import { once } from 'node:events'
import type http from 'node:http'
import { type CallOptions, openRequest } from './call-gateway.ts'

/** A streamed answer, read as it comes. */
export interface ReadStream {
  readonly status: number
  readonly response: http.IncomingMessage
  /** What has arrived so far. */
  text(): string
  /** Resolves with the whole text at the end; rejects when the connection breaks. */
  readonly end: Promise<string>
  /** Leaves without waiting for the end. */
  leave(): void
}

/** Sends a request and resolves with its head; the body arrives meanwhile. */
export async function openStream(url: string, path: string, options: CallOptions): Promise<ReadStream> {
  const request = openRequest(url, path, options)
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  request.on('error', () => {})
  let text = ''
  response.setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
  const end = new Promise<string>((resolve, reject) => {
    response.once('end', () => resolve(text))
    response.once('error', reject)
  })
  end.catch(() => {})
  return { status: response.statusCode ?? 0, response, text: () => text, end, leave: () => request.destroy() }
}

/** The `data:` payloads of a server-sent event stream, parsed; `[DONE]` as text. */
export function dataOf(stream: string): unknown[] {
  return stream
    .split('\n\n')
    .filter((event) => event.startsWith('data: '))
    .map((event) => event.slice('data: '.length))
    .map((data) => (data === '[DONE]' ? data : (JSON.parse(data) as unknown)))
}
