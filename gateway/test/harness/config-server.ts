import { createHash } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import { freePort } from './free-port.ts'

export interface ConfigRequest {
  readonly path: string
  readonly headers: http.IncomingHttpHeaders
}

/** A server that holds one document and knows it by an ETag. */
export interface ConfigServer {
  readonly url: string
  readonly requests: ConfigRequest[]
  /** The document from now on, or a status to answer with. */
  set(content: object | string | number): void
  /** Answers nobody until `open`. */
  close(): Promise<void>
  open(): Promise<void>
}

export async function startConfigServer(content: object | string): Promise<ConfigServer> {
  const port = await freePort()
  const requests: ConfigRequest[] = []
  let held: string | number = ''
  let server: http.Server | null = null
  const answer: http.RequestListener = (request, response) => {
    requests.push({ path: request.url ?? '', headers: request.headers })
    if (typeof held === 'number') return response.writeHead(held).end()
    const etag = `"${createHash('md5').update(held).digest('hex')}"`
    if (request.headers['if-none-match'] === etag) return response.writeHead(304, { etag }).end()
    return response.writeHead(200, { etag }).end(held)
  }
  const opened: ConfigServer = {
    url: `http://127.0.0.1:${port}/config.yaml`,
    requests,
    set: (next) => {
      held = typeof next === 'object' ? JSON.stringify(next) : next
    },
    close: async () => {
      server?.closeAllConnections()
      if (server?.listening) await new Promise((resolve) => server?.close(resolve))
    },
    open: async () => {
      server = http.createServer(answer).listen(port, '127.0.0.1')
      await once(server, 'listening')
    },
  }
  opened.set(content)
  await opened.open()
  return opened
}
